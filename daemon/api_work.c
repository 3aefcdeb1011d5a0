/* api_work.c: being written */
typedef int loket_placeholder;
