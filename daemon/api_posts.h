/* api_posts.h - what api_posts.c and api_post_list.c share */
#ifndef LOKET_API_POSTS_H
#define LOKET_API_POSTS_H

#include "daemon/api.h"

/* what a protocol may advise: actions of POST /v1/posts/{id}/triage; NULL ends them */
extern const char *const post_advices[];

/* post_rows - posts as they are answered: masked unless who may see it, with where they are in the protocol. New reference */
json_t *post_rows(struct api *a, int statement);

#endif
