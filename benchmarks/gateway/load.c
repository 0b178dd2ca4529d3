/* Send one request repeatedly and measure the responses.

   load throughput|rate|streams PORT CONNECTIONS PER_SECOND SECONDS FILE

   FILE contains the complete HTTP request, head and body. `throughput` sends the next request as soon as the previous
   response is complete. `rate` sends PER_SECOND requests on a schedule; latency counts from the scheduled time.
   `streams` reads server-sent events whose text contains `t=` and the monotonic time in nanoseconds at which the event
   was created. The output is one line of JSON; times are milliseconds.
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

enum { BUFFER_SIZE = 1 << 21, MAX_CONNECTIONS = 2048 };

struct samples {
    float *values;
    size_t count, capacity;
};

struct exchange {
    int fd, in_flight, chunked, head_length, first_seen;
    int64_t started_ns;
    long total_length;  /* length of the complete response, head included; 0 while unknown */
    size_t received, scanned;
    char *read;
};

static struct exchange exchanges[MAX_CONNECTIONS], *idle[MAX_CONNECTIONS];
static int idle_count, epoll, streams;
static struct sockaddr_in server_address;
static char *request;
static size_t request_length;
static struct samples latencies, first_events, delays;
static long errors, lost;

static int64_t clock_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void add_sample(struct samples *s, int64_t nanoseconds) {
    if (s->count == s->capacity) {
        s->capacity = s->capacity ? 2 * s->capacity : 65536;
        s->values = realloc(s->values, s->capacity * sizeof(float));
    }
    s->values[s->count++] = nanoseconds / 1e6f;
}

static int compare_floats(const void *a, const void *b) {
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static void print_percentiles(const char *name, struct samples *s) {
    qsort(s->values, s->count, sizeof(float), compare_floats);
    if (!s->count) return;
    size_t last_index = s->count - 1;
    printf(", \"%s_p50\": %.4f, \"%s_p99\": %.4f, \"%s_max\": %.4f", name, s->values[last_index / 2], name,
           s->values[last_index * 99 / 100], name, s->values[last_index]);
}

static void open_connection(struct exchange *e) {
    int on = 1;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = e};
    e->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(e->fd, (struct sockaddr *)&server_address, sizeof server_address)) {
        perror("load");
        exit(1);
    }
    setsockopt(e->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    epoll_ctl(epoll, EPOLL_CTL_ADD, e->fd, &event);
}

static void start(struct exchange *e, int64_t started_ns) {
    e->in_flight = 1;
    e->started_ns = started_ns;
    e->chunked = e->head_length = e->first_seen = 0;
    e->total_length = 0;
    e->received = e->scanned = 0;
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

static void scan_events(struct exchange *e) {
    int64_t now = clock_ns();
    char *timestamp;
    while ((timestamp = memmem(e->read + e->scanned, e->received - e->scanned, "t=", 2))) {
        if (timestamp + 24 > e->read + e->received) break;
        char *end;
        long long sent_ns = strtoll(timestamp + 2, &end, 10);
        e->scanned = timestamp + 2 - e->read;
        if (end - timestamp < 12) continue;
        if (!e->first_seen++) add_sample(&first_events, now - e->started_ns);
        add_sample(&delays, now - sent_ns);
    }
}

/* Return 1 if the response is complete, 0 if more data is needed, -1 if the connection is lost. */
static int receive(struct exchange *e) {
    ssize_t n = recv(e->fd, e->read + e->received, BUFFER_SIZE - e->received, MSG_DONTWAIT);
    if (n == 0) return -1;
    if (n < 0) return errno == EAGAIN ? 0 : -1;
    e->received += n;
    e->read[e->received] = 0;
    if (!e->head_length) {
        char *end = strstr(e->read, "\r\n\r\n");
        if (!end) return 0;
        *end = 0;
        char *content_length = strcasestr(e->read, "\ncontent-length:");
        e->head_length = end + 4 - e->read;
        e->chunked = strcasestr(e->read, "\ntransfer-encoding:") != NULL;
        if (content_length) e->total_length = e->head_length + atol(content_length + 16);
        *end = '\r';
        e->scanned = e->head_length;
    }
    if (streams) scan_events(e);
    if (e->total_length) return e->received >= (size_t)e->total_length;
    if (!e->chunked || e->received < (size_t)e->head_length + 5) return 0;
    return !memcmp(e->read + e->received - 5, "0\r\n\r\n", 5);
}

static void read_request(const char *name) {
    FILE *file = fopen(name, "rb");
    request = malloc(1 << 24);
    request_length = file ? fread(request, 1, 1 << 24, file) : 0;
}

static struct timespec time_until(int64_t now) {
    int64_t left = now - clock_ns();
    if (left < 0) left = 0;
    return (struct timespec){left / 1000000000, left % 1000000000};
}

int main(int argc, char **argv) {
    if (argc < 7) return 2;
    int fixed_rate = !strcmp(argv[1], "rate"), connections = atoi(argv[3]);
    double rate = atof(argv[4]), seconds = atof(argv[5]);
    streams = !strcmp(argv[1], "streams");
    server_address.sin_family = AF_INET;
    server_address.sin_port = htons(atoi(argv[2]));
    server_address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    read_request(argv[6]);
    epoll = epoll_create1(0);
    for (int i = 0; i < connections && i < MAX_CONNECTIONS; i++) {
        exchanges[i].read = malloc(BUFFER_SIZE + 1);
        open_connection(&exchanges[i]);
        idle[idle_count++] = &exchanges[i];
    }
    int64_t started_ns = clock_ns(), end_ns = started_ns + (int64_t)(seconds * 1e9), last_ns = started_ns;
    long scheduled = 0, total = (long)(rate * seconds);
    struct epoll_event events[256];
    while (clock_ns() < end_ns + 10000000000LL) {
        int64_t now = clock_ns(), next = end_ns;
        if (fixed_rate) {
            while (idle_count && scheduled < total && started_ns + (int64_t)(scheduled * 1e9 / rate) <= now) {
                start(idle[--idle_count], started_ns + (int64_t)(scheduled * 1e9 / rate));
                scheduled++;
            }
            if (scheduled == total && idle_count == connections) break;
            next = scheduled < total ? started_ns + (int64_t)(scheduled * 1e9 / rate) : now + 100000000LL;
        } else if (now < end_ns) {
            while (idle_count) start(idle[--idle_count], clock_ns());
        } else if (idle_count == connections) {
            break;
        }
        struct timespec wait = time_until(fixed_rate && idle_count ? next : now + 100000000LL);
        int n = epoll_pwait2(epoll, events, 256, &wait, NULL);
        for (int i = 0; i < n; i++) {
            struct exchange *e = events[i].data.ptr;
            int done = receive(e);
            if (!done) continue;
            int status = e->received > 12 ? atoi(e->read + 9) : 0;
            if (done < 0) {
                close(e->fd);
                open_connection(e);
            }
            if (!e->in_flight) continue;
            if (done < 0) lost++;
            else if (status != 200 && !errors++) fprintf(stderr, "%.400s\n", e->read);
            else if (status == 200) add_sample(&latencies, (last_ns = clock_ns()) - e->started_ns);
            e->in_flight = 0;
            idle[idle_count++] = e;
        }
    }
    double elapsed = (last_ns - started_ns) / 1e9;
    printf("{\"responses\": %zu, \"errors\": %ld, \"lost\": %ld, \"unfinished\": %ld, \"seconds\": %.3f, "
           "\"per_second\": %.1f, \"chunks\": %zu, \"chunks_per_second\": %.0f",
           latencies.count, errors, lost, (long)(connections - idle_count) + (fixed_rate ? total - scheduled : 0),
           elapsed,
           elapsed > 0 ? latencies.count / elapsed : 0, delays.count, elapsed > 0 ? delays.count / elapsed : 0);
    print_percentiles("latency", &latencies);
    print_percentiles("first", &first_events);
    print_percentiles("delay", &delays);
    printf("}\n");
    return 0;
}
