/* run_missing.c - stand-ins for parts that are still being written; the real ones win (they are not weak) */
#pragma GCC diagnostic ignored "-Wmissing-prototypes"
#pragma GCC diagnostic ignored "-Wbuiltin-declaration-mismatch"
#define NOT_YET(f) __attribute__((weak)) void *f(void); __attribute__((weak)) void *f(void) { return 0; }
NOT_YET(channel_find) NOT_YET(channel_at) NOT_YET(contact_flag_name) NOT_YET(contact_kind_name)
NOT_YET(contact_opens_case) NOT_YET(delivery_moves) NOT_YET(delivery_name) NOT_YET(guard_finds) NOT_YET(guard_mask)
NOT_YET(match_case_for) NOT_YET(match_formal) NOT_YET(match_option0) NOT_YET(match_product)
NOT_YET(dispatch_agent_changed) NOT_YET(dispatch_case_waits) NOT_YET(dispatch_case_left) NOT_YET(dispatch_free)
NOT_YET(dispatch_new) NOT_YET(dispatch_seen) NOT_YET(dispatch_world_changed) NOT_YET(dispatch_offer_ended)
NOT_YET(dispatch_resync) NOT_YET(dispatch_explain) NOT_YET(dispatch_decision_json) NOT_YET(dispatch_leads)
NOT_YET(fetch_new) NOT_YET(fetch_free) NOT_YET(fetch_submit)
NOT_YET(http_attach) NOT_YET(http_body) NOT_YET(http_connections) NOT_YET(http_free) NOT_YET(http_header)
NOT_YET(http_method) NOT_YET(http_new) NOT_YET(http_path) NOT_YET(http_peer) NOT_YET(http_query)
NOT_YET(http_reply) NOT_YET(http_set_user) NOT_YET(http_user) NOT_YET(http_stop_listening)
NOT_YET(outbox_new) NOT_YET(outbox_free) NOT_YET(outbox_wake)
NOT_YET(queue_new) NOT_YET(queue_free) NOT_YET(queue_put) NOT_YET(queue_remove) NOT_YET(queue_rebuild)
NOT_YET(queue_check) NOT_YET(queue_read)
NOT_YET(sse_new) NOT_YET(sse_free) NOT_YET(sse_goodbye) NOT_YET(sse_publish) NOT_YET(sse_open)
NOT_YET(sse_agent_online) NOT_YET(sse_count)
NOT_YET(stream_new) NOT_YET(stream_free) NOT_YET(stream_up) NOT_YET(stream_on_up) NOT_YET(stream_command)
NOT_YET(stream_script)
NOT_YET(sweep_new) NOT_YET(sweep_free)
