/* api_parties.c: being written */
typedef int loket_placeholder;
