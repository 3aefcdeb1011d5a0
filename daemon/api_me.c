/* api_me.c: being written */
typedef int loket_placeholder;
