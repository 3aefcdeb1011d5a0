/* fetch.c: being written */
typedef int loket_placeholder;
