/* api_cases.c: being written */
typedef int loket_placeholder;
