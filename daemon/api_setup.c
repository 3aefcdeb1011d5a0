/* api_setup.c: being written */
typedef int loket_placeholder;
