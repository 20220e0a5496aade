/*
 * What the suite says and hears: JSON objects, a line each.
 */
#include "said.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

const cJSON *said_get(const cJSON *object, const char *key)
{
    const cJSON *v = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsNull(v) ? NULL : v;
}

const char *said_text(const cJSON *object, const char *key)
{
    return cJSON_GetStringValue(said_get(object, key));
}

bool said_asks(const cJSON *v)
{
    return v && !cJSON_IsFalse(v) && !(cJSON_IsArray(v) && cJSON_GetArraySize(v) == 0);
}

void said_reply(cJSON *reply) /* takes it */
{
    char *line = cJSON_PrintUnformatted(reply);
    assert(line);
    puts(line);
    fflush(stdout);
    free(line);
    cJSON_Delete(reply);
}

void said_echo(const char *key, const cJSON *value)
{
    cJSON *reply = cJSON_CreateObject();
    cJSON_AddItemToObject(reply, key, cJSON_Duplicate(value, true));
    said_reply(reply);
}

void said_unsupported(const cJSON *id, const char *what)
{
    cJSON *reply = cJSON_CreateObject();
    if (id)
        cJSON_AddItemToObject(reply, "id", cJSON_Duplicate(id, true));
    cJSON_AddStringToObject(reply, "unsupported", what);
    said_reply(reply);
}
