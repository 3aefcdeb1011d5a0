/* api_contacts.c: being written */
typedef int loket_placeholder;
