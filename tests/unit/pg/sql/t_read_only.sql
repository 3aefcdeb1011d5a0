-- t_read_only: from now on this session takes no writes, as that of a primary that became a standby
select set_config('default_transaction_read_only', 'on', false)
