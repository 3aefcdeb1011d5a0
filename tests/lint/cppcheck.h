/* cppcheck.h - loops that cppcheck must know to be loops, without reading the systems' headers */
#define json_object_foreach(o, k, v) for (k = json_object_iter_key(o); k && (v = json_object_iter_value(o)); k = 0)
#define json_array_foreach(a, i, v) for (i = 0; i < json_array_size(a) && (v = json_array_get(a, i)); i++)
#define LIST_FOREACH(v, head, link) for (v = (head)->lh_first; v; v = v->link.le_next)
#define TAILQ_FOREACH(v, head, link) for (v = (head)->tqh_first; v; v = v->link.tqe_next)
#define TAILQ_FOREACH_REVERSE(v, head, name, link) for (v = (head)->tqh_first; v; v = v->link.tqe_next)
#define LIST_HEAD(name, type) struct name { struct type *lh_first; }
#define TAILQ_HEAD(name, type) struct name { struct type *tqh_first, **tqh_last; }
#define LIST_ENTRY(type) struct { struct type *le_next, **le_prev; }
#define TAILQ_ENTRY(type) struct { struct type *tqe_next, **tqe_prev; }
