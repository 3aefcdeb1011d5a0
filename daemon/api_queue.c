/* api_queue.c: being written */
typedef int loket_placeholder;
