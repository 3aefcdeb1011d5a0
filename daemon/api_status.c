/* api_status.c: being written */
typedef int loket_placeholder;
