/* Sends one request over and over and measures the answers.

   load most|rate|streams PORT CONNECTIONS PER_SECOND SECONDS FILE

   FILE holds the whole request, head and body, as it goes over the wire. `most` sends the next one when the last is
   answered; `rate` sends PER_SECOND on a schedule, and latency counts from the moment that the schedule says; `streams`
   reads server-sent events whose text carries `t=` and the monotonic nanosecond at which they were made. One line of
   JSON comes out: times are milliseconds.
*/
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { ROOM = 1 << 21, MOST = 2048 };

struct samples {
    float *values;
    size_t count, room;
};

struct exchange {
    int fd, busy, chunked, headed, first;
    int64_t began;
    long body;  /* bytes that the answer must have, head included; 0 while unknown */
    size_t have, looked;
    char *read;
};

static struct exchange exchanges[MOST], *idle[MOST];
static int idling, epoll, streams;
static struct sockaddr_in where;
static char *request;
static size_t request_length;
static struct samples latencies, firsts, delays;
static long refused, lost;

static int64_t clock_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void note(struct samples *s, int64_t nanoseconds) {
    if (s->count == s->room) s->values = realloc(s->values, (s->room = s->room ? 2 * s->room : 65536) * sizeof(float));
    s->values[s->count++] = nanoseconds / 1e6f;
}

static int by_size(const void *a, const void *b) {
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static void say(const char *name, struct samples *s) {
    qsort(s->values, s->count, sizeof(float), by_size);
    if (!s->count) return;
    size_t last = s->count - 1;
    printf(", \"%s_p50\": %.4f, \"%s_p99\": %.4f, \"%s_max\": %.4f", name, s->values[last / 2], name,
           s->values[last * 99 / 100], name, s->values[last]);
}

static void open_connection(struct exchange *e) {
    int on = 1;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = e};
    e->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(e->fd, (struct sockaddr *)&where, sizeof where)) {
        perror("load");
        exit(1);
    }
    setsockopt(e->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    epoll_ctl(epoll, EPOLL_CTL_ADD, e->fd, &event);
}

static void start(struct exchange *e, int64_t began) {
    e->busy = 1;
    e->began = began;
    e->chunked = e->headed = e->first = 0;
    e->body = 0;
    e->have = e->looked = 0;
    for (size_t sent = 0; sent < request_length;) {
        ssize_t n = send(e->fd, request + sent, request_length - sent, MSG_NOSIGNAL);
        if (n <= 0) {  /* the server closed an idle connection */
            close(e->fd);
            open_connection(e);
            sent = 0;
            continue;
        }
        sent += n;
    }
}

static void look_at_events(struct exchange *e) {
    int64_t moment = clock_ns();
    char *stamp;
    while ((stamp = memmem(e->read + e->looked, e->have - e->looked, "t=", 2))) {
        if (stamp + 24 > e->read + e->have) break;
        char *end;
        long long made = strtoll(stamp + 2, &end, 10);
        e->looked = stamp + 2 - e->read;
        if (end - stamp < 12) continue;
        if (!e->first++) note(&firsts, moment - e->began);
        note(&delays, moment - made);
    }
}

/* 1 once the answer is whole, -1 where the connection is lost. */
static int take(struct exchange *e) {
    ssize_t n = recv(e->fd, e->read + e->have, ROOM - e->have, MSG_DONTWAIT);
    if (n == 0) return -1;
    if (n < 0) return errno == EAGAIN ? 0 : -1;
    e->have += n;
    e->read[e->have] = 0;
    if (!e->headed) {
        char *end = strstr(e->read, "\r\n\r\n");
        if (!end) return 0;
        *end = 0;
        char *stated = strcasestr(e->read, "\ncontent-length:");
        e->headed = end + 4 - e->read;
        e->chunked = strcasestr(e->read, "\ntransfer-encoding:") != NULL;
        if (stated) e->body = e->headed + atol(stated + 16);
        *end = '\r';
        e->looked = e->headed;
    }
    if (streams) look_at_events(e);
    if (e->body) return e->have >= (size_t)e->body;
    return e->chunked && e->have >= (size_t)e->headed + 5 && !memcmp(e->read + e->have - 5, "0\r\n\r\n", 5);
}

static void read_request(const char *name) {
    FILE *file = fopen(name, "rb");
    request = malloc(1 << 24);
    request_length = file ? fread(request, 1, 1 << 24, file) : 0;
}

static struct timespec left_until(int64_t moment) {
    int64_t left = moment - clock_ns();
    if (left < 0) left = 0;
    return (struct timespec){left / 1000000000, left % 1000000000};
}

int main(int count, char **given) {
    if (count < 7) return 2;
    int paced = !strcmp(given[1], "rate"), many = atoi(given[3]);
    double rate = atof(given[4]), seconds = atof(given[5]);
    streams = !strcmp(given[1], "streams");
    where.sin_family = AF_INET;
    where.sin_port = htons(atoi(given[2]));
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    read_request(given[6]);
    epoll = epoll_create1(0);
    for (int i = 0; i < many && i < MOST; i++) {
        exchanges[i].read = malloc(ROOM + 1);
        open_connection(&exchanges[i]);
        idle[idling++] = &exchanges[i];
    }
    int64_t began = clock_ns(), ends = began + (int64_t)(seconds * 1e9), last = began;
    long due = 0, total = (long)(rate * seconds);
    struct epoll_event events[256];
    while (clock_ns() < ends + 10000000000LL) {
        int64_t moment = clock_ns(), next = ends;
        if (paced) {
            while (idling && due < total && began + (int64_t)(due * 1e9 / rate) <= moment) {
                start(idle[--idling], began + (int64_t)(due * 1e9 / rate));
                due++;
            }
            if (due == total && idling == many) break;
            next = due < total ? began + (int64_t)(due * 1e9 / rate) : moment + 100000000LL;
        } else if (moment < ends) {
            while (idling) start(idle[--idling], clock_ns());
        } else if (idling == many) {
            break;
        }
        struct timespec pause = left_until(paced && idling ? next : moment + 100000000LL);
        int n = epoll_pwait2(epoll, events, 256, &pause, NULL);
        for (int i = 0; i < n; i++) {
            struct exchange *e = events[i].data.ptr;
            int done = take(e);
            if (!done) continue;
            int status = e->have > 12 ? atoi(e->read + 9) : 0;
            if (done < 0) {
                close(e->fd);
                open_connection(e);
            }
            if (!e->busy) continue;
            if (done < 0) lost++;
            else if (status != 200 && !refused++) fprintf(stderr, "%.400s\n", e->read);
            else if (status == 200) note(&latencies, (last = clock_ns()) - e->began);
            e->busy = 0;
            idle[idling++] = e;
        }
    }
    double took = (last - began) / 1e9;
    printf("{\"answers\": %zu, \"refused\": %ld, \"lost\": %ld, \"unfinished\": %ld, \"seconds\": %.3f, "
           "\"per_second\": %.1f, \"chunks\": %zu, \"chunks_per_second\": %.0f",
           latencies.count, refused, lost, (long)(many - idling) + (paced ? total - due : 0), took,
           took > 0 ? latencies.count / took : 0, delays.count, took > 0 ? delays.count / took : 0);
    say("latency", &latencies);
    say("first", &firsts);
    say("delay", &delays);
    printf("}\n");
    return 0;
}
