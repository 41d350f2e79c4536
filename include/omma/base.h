/* SPDX-License-Identifier: Apache-2.0 */
/**
 * base: C's missing library. Errors with reasons, a log that is passed in, counted buffers of any
 * memory kind, bounded queues, threads, clocks, CPU flags, repeatable random numbers, medians, and
 * files that appear whole or not at all.
 *
 * Everything above stands on this header alone.
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define OMMA_VERSION_MAJOR 0
#define OMMA_VERSION_MINOR 1
#define OMMA_VERSION_PATCH 0

/** The version of the library in use, "0.1.0"; static. Thread-safe: yes. */
const char *omma_version(void);

/* ------------------------------------------------------------------------------------ errors */

/* One list: enum, name and text stay together. Append only: the numbers are part of the ABI. */
#define OMMA_ERRORS(X)                                                                             \
    X(OK, 0, "no error")                                                                           \
    X(FAILED, 1, "failed")                                                                         \
    X(INVALID, 2, "invalid argument")                                                              \
    X(FORMAT, 3, "the bytes are not what they should be")                                          \
    X(IO, 4, "reading or writing failed")                                                          \
    X(NO_MEMORY, 5, "out of memory")                                                               \
    X(DEGENERATE, 6, "the data do not determine an answer")                                        \
    X(NOT_FOUND, 7, "not found")                                                                   \
    X(UNSUPPORTED, 8, "not supported")                                                             \
    X(END, 9, "end of stream")                                                                     \
    X(CLOSED, 10, "closed")                                                                        \
    X(EXISTS, 11, "exists already")                                                                \
    X(DENIED, 12, "permission denied")                                                             \
    X(FULL, 13, "no space left")                                                                   \
    X(AGAIN, 14, "nothing there yet")                                                              \
    X(INTERRUPTED, 15, "interrupted")                                                              \
    X(BUSY, 16, "in use by somebody else")

typedef enum omma_error {
#define X(name, number, text) OMMA_##name = number,
    OMMA_ERRORS(X)
#undef X
} omma_error;

/** "OMMA_FORMAT"; static. Thread-safe: yes. */
const char *omma_error_name(omma_error err);

/** One general sentence for the code; static. Thread-safe: yes. */
const char *omma_error_text(omma_error err);

#if defined(__GNUC__)
#define OMMA_PRINTF(text, first) __attribute__((__format__(__printf__, text, first)))
#else
#define OMMA_PRINTF(text, first)
#endif

/** Records why this thread failed, in words a user can act on, and returns err. */
omma_error omma_fail(omma_error err, const char *format, ...) OMMA_PRINTF(2, 3);

/** Like omma_fail, with ": " and the system's text for errno appended and err chosen from errno. */
omma_error omma_fail_errno(const char *format, ...) OMMA_PRINTF(1, 2);

/** The reason of this thread's latest failure ("" when none); valid until the next failure. */
const char *omma_why(void);

/* --------------------------------------------------------------------------------------- log */

typedef enum omma_log_level {
    OMMA_LOG_ERROR, /* a function is lost */
    OMMA_LOG_WARN,  /* the user should act */
    OMMA_LOG_INFO,  /* once per event that a user would tell a friend */
    OMMA_LOG_DEBUG, /* for developers */
    OMMA_LOG_TRACE, /* per frame */
} omma_log_level;

/** Where messages go. A library never prints; NULL is silence. Thread-safe: as write is. */
typedef struct omma_log {
    void (*write)(void *user, omma_log_level level, const char *module, const char *text);
    void *user;
    omma_log_level level; /* messages above it are not formatted */
} omma_log;

void omma_log_write(const omma_log *log, omma_log_level level, const char *module,
                    const char *format, ...) OMMA_PRINTF(4, 5);

/* A source file that logs defines OMMA_MODULE ("media") before it includes this header. */
#ifndef OMMA_MODULE
#define OMMA_MODULE ""
#endif
#define omma_log_error(log, ...) omma_log_write(log, OMMA_LOG_ERROR, OMMA_MODULE, __VA_ARGS__)
#define omma_warn(log, ...)      omma_log_write(log, OMMA_LOG_WARN, OMMA_MODULE, __VA_ARGS__)
#define omma_info(log, ...)      omma_log_write(log, OMMA_LOG_INFO, OMMA_MODULE, __VA_ARGS__)
#define omma_debug(log, ...)     omma_log_write(log, OMMA_LOG_DEBUG, OMMA_MODULE, __VA_ARGS__)
#define omma_trace(log, ...)     omma_log_write(log, OMMA_LOG_TRACE, OMMA_MODULE, __VA_ARGS__)

/* ------------------------------------------------------------------------------------ memory */

/** Zeroed memory for one small object; aborts when memory is gone. Release with free(). */
#define omma_new(type) ((type *)omma_new_bytes(1, sizeof(type)))
/** Zeroed memory for n small objects; aborts when memory is gone or n * size overflows. */
#define omma_new_array(type, n) ((type *)omma_new_bytes((n), sizeof(type)))
void *omma_new_bytes(size_t n, size_t size);

/** Grows *array (of *capacity elements of size bytes) to at least need elements; aborts when memory
 *  is gone. New elements are not initialised. */
void omma_grow(void **array, size_t *capacity, size_t need, size_t size);

/** printf into a new string; aborts when memory is gone. Given: free(). */
char *omma_text(const char *format, ...) OMMA_PRINTF(1, 2);
/** A copy of text with U+FFFD for every byte that is not part of UTF-8: names of files need not be,
 *  JSON must be. Given: free(). */
char *omma_text_utf8(const char *text);

/* ----------------------------------------------------------------------------------- buffers */

typedef enum omma_memory {
    OMMA_MEMORY_HOST,
    OMMA_MEMORY_SHARED, /* host-readable shared memory */
    OMMA_MEMORY_DMABUF,
    OMMA_MEMORY_VULKAN,
    OMMA_MEMORY_CUDA,
} omma_memory;

/**
 * Counted bytes with a release callback: an AVFrame, a shared-memory slot or a plain allocation is
 * wrapped, not copied. One producer fills it while it holds the only reference; afterwards it is
 * read-only for everybody. Thread-safe: ref and unref yes; the bytes as said.
 */
typedef struct omma_buffer {
    void *data; /* NULL unless the host can read it */
    size_t bytes;
    omma_memory memory;
    void (*release)(struct omma_buffer *buffer, void *user); /* internal: frees what is wrapped */
    void *user;
    int references; /* internal, atomic */
} omma_buffer;

/** bytes of host memory, 64-byte aligned with 64 readable bytes behind, not zeroed.
 *  @return OMMA_OK (*out given: omma_buffer_unref); OMMA_NO_MEMORY. */
omma_error omma_buffer_create(omma_buffer **out, size_t bytes);

/** Wraps memory that release(buffer, user) will free. Given: omma_buffer_unref. */
omma_buffer *omma_buffer_wrap(void *data, size_t bytes, omma_memory memory,
                              void (*release)(omma_buffer *buffer, void *user), void *user);

omma_buffer *omma_buffer_ref(omma_buffer *b); /* same pointer; NULL stays NULL */
void omma_buffer_unref(omma_buffer **b);      /* NULL and *b == NULL are harmless */
/** True while the caller holds the only reference. */
bool omma_buffer_is_unique(const omma_buffer *b);

/* ------------------------------------------------------------------------------------ queues */

typedef enum omma_queue_policy {
    OMMA_QUEUE_WAIT,        /* a full queue makes push wait: files, keyframes */
    OMMA_QUEUE_DROP_OLDEST, /* a full queue releases its oldest item: live capture */
} omma_queue_policy;

/** Bounded first-in first-out queue of pointers. Thread-safe: yes, any number on both ends. */
typedef struct omma_queue omma_queue;

/** @param capacity at least 1
 *  @param release  frees items that are dropped or left at destroy, outside the lock; or NULL */
omma_queue *omma_queue_create(size_t capacity, omma_queue_policy policy,
                              void (*release)(void *item));
void omma_queue_destroy(omma_queue **q); /* nobody may be inside any more */

/** Taken, whatever is returned. @return OMMA_OK; OMMA_CLOSED (item released). */
omma_error omma_queue_push(omma_queue *q, void *item);

/** @param timeout_ns < 0 waits for ever, 0 only looks.
 *  @return OMMA_OK (*item given); OMMA_AGAIN (time is up); OMMA_CLOSED (closed and empty). */
omma_error omma_queue_pop(omma_queue *q, void **item, int64_t timeout_ns);

/** No more pushes; pops drain what is left. */
void omma_queue_close(omma_queue *q);
size_t omma_queue_length(omma_queue *q);
uint64_t omma_queue_dropped(omma_queue *q); /* items released by DROP_OLDEST so far */

/* ----------------------------------------------------------------------------- threads, time */

typedef struct omma_thread omma_thread;

/** Starts run(user) on a thread named name (at most 15 characters are shown). */
omma_error omma_thread_start(omma_thread **out, const char *name, void (*run)(void *user),
                             void *user);
/** Waits for its end and releases it; NULL is harmless. */
void omma_thread_join(omma_thread **t);

/** Cores this process may run on, at least 1. */
unsigned omma_cpu_count(void);

int64_t omma_clock_now_ns(void);    /* monotonic */
int64_t omma_clock_wall_ns(void);   /* since 1970, UTC */
int64_t omma_clock_cpu_ns(void);    /* user + system time of the whole process */
int64_t omma_clock_thread_ns(void); /* user + system time of this thread */
void omma_sleep_until_ns(int64_t monotonic_ns);

/** Peak resident memory of this process in bytes, 0 when unknown. */
uint64_t omma_peak_memory_bytes(void);

/* --------------------------------------------------------------------------------------- CPU */

enum {
    OMMA_CPU_AVX2 = 1u << 0,   /* AVX2, FMA, BMI, POPCNT, F16C */
    OMMA_CPU_AVX512 = 1u << 1, /* F, BW, DQ, VL, CD */
    OMMA_CPU_VPOPCNT = 1u << 2,
    OMMA_CPU_VNNI = 1u << 3,
    OMMA_CPU_BF16 = 1u << 4,
};

/** What this machine has, lowered by OMMA_CPU=scalar|avx2|avx512 (avx512: without the extensions
 *  VPOPCNT, VNNI, BF16). Read once. Thread-safe: yes. */
unsigned omma_cpu_flags(void);
/** "avx512 vnni bf16" and the like, into text. */
void omma_cpu_describe(unsigned flags, char *text, size_t bytes);

/* ------------------------------------------------------------------------------------ random */

/** SplitMix64: the next of a repeatable sequence; seed is the state.
 *  Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014. */
uint64_t omma_random_u64(uint64_t *seed);
double omma_random_unit(uint64_t *seed);                    /* [0, 1) */
double omma_random_normal(uint64_t *seed);                  /* mean 0, deviation 1 */
uint32_t omma_random_below(uint64_t *seed, uint32_t bound); /* [0, bound), bound > 0 */

/* ------------------------------------------------------------------------------------ sorting */

/** Ascending, in place; none of the values may be NaN. Thread-safe: yes. */
void omma_sort(double *values, size_t n);
/** Sorts, and tells the value in the middle, of an even number the upper one; 0 of none. */
double omma_median(double *values, size_t n);

/* -------------------------------------------------------------------------------------- bytes */

/** Little-endian numbers into growing memory. Zeroed: empty; omma_bytes_finish() releases.
 *  Thread-safe: one thread at a time. */
typedef struct omma_byte_list {
    uint8_t *at;
    size_t count, capacity;
} omma_byte_list;

void omma_bytes_put(omma_byte_list *b, const void *data, size_t n);
void omma_bytes_u8(omma_byte_list *b, unsigned value);
void omma_bytes_u16(omma_byte_list *b, unsigned value);
void omma_bytes_u32(omma_byte_list *b, uint32_t value);
void omma_bytes_u32_big(omma_byte_list *b, uint32_t value); /* most significant byte first */
void omma_bytes_u64(omma_byte_list *b, uint64_t value);
void omma_bytes_f32(omma_byte_list *b, float value);
void omma_bytes_f64(omma_byte_list *b, double value);
/** u16 length, then the text; NULL is an empty one. Longer ones are cut at 65535 bytes. */
void omma_bytes_text(omma_byte_list *b, const char *text);
/** Zeros up to a multiple of n. */
void omma_bytes_pad(omma_byte_list *b, size_t n);
void omma_bytes_finish(omma_byte_list *b);

/** The same out of memory that nobody vouches for (borrowed). Reading past the end gives zeros and
 *  sets bad, so that one look at the end is enough. */
typedef struct omma_byte_reader {
    const uint8_t *at;
    size_t left;
    bool bad;
} omma_byte_reader;

uint8_t omma_read_u8(omma_byte_reader *r);
uint16_t omma_read_u16(omma_byte_reader *r);
uint32_t omma_read_u32(omma_byte_reader *r);
uint64_t omma_read_u64(omma_byte_reader *r);
float omma_read_f32(omma_byte_reader *r);
double omma_read_f64(omma_byte_reader *r);
/** n bytes as they are, borrowed like all of them; NULL when there are fewer. */
const void *omma_read_bytes(omma_byte_reader *r, size_t n);
/** As omma_bytes_text wrote it; a 0 byte inside is bad. Given: free(), never NULL. */
char *omma_read_text(omma_byte_reader *r);

/* ------------------------------------------------------------------------------ NumPy's arrays */

enum { OMMA_NPY_SIDES = 8 };

/** A .npy file of float32 or float64 in memory; borrows its bytes. */
typedef struct omma_npy {
    size_t side_count;
    uint64_t side[OMMA_NPY_SIDES], count; /* count: the product of the sides; 1 of none */
    size_t bytes_each;                    /* 4 or 8 */
    bool big_endian, by_columns;
    const void *numbers; /* perhaps not aligned */
} omma_npy;

/**
 * Reads the head of a .npy file, version 1 to 3, and finds its numbers.
 *
 * @return OMMA_OK; OMMA_FORMAT (no .npy, cut, damaged); OMMA_UNSUPPORTED (another version, other
 * numbers, more sides). Thread-safe: yes.
 */
omma_error omma_npy_parse(omma_npy *out, const void *data, size_t bytes);
/** Number i, below count, in row-major order, however they lie in the file. Thread-safe: yes. */
double omma_npy_at(const omma_npy *a, uint64_t i);

/* ---------------------------------------------------------------------------------- checksums */

/** CRC-32C (Castagnoli) of what crc was of and data: begin with 0. Thread-safe: yes.
 *  Source: RFC 3720, section 12.1. */
uint32_t omma_crc32c(uint32_t crc, const void *data, size_t bytes);

/* ------------------------------------------------------------------------------------- files */

/**
 * A file that appears whole or not at all: written beside its place (PATH.XXXXXX.part), then synced
 * and renamed. Thread-safe: one thread at a time.
 */
typedef struct omma_file omma_file;

/** @param replace false: OMMA_EXISTS when path is there already, also if it comes before the
 *  commit.
 *  @return OMMA_OK; OMMA_EXISTS, OMMA_DENIED, OMMA_NOT_FOUND (folder), OMMA_INVALID (path is a
 *  folder or a device), OMMA_FULL, OMMA_IO. */
omma_error omma_file_create(omma_file **out, const char *path, bool replace);
/** Errors stick: later writes do nothing and commit reports the first one. */
void omma_file_write(omma_file *f, const void *data, size_t bytes);
void omma_file_printf(omma_file *f, const char *format, ...) OMMA_PRINTF(2, 3);
/** Makes it visible, or removes every trace; frees *f either way. */
omma_error omma_file_commit(omma_file **f);
/** Removes every trace; NULL is harmless. */
void omma_file_abort(omma_file **f);

/** A file without a name in $TMPDIR, otherwise /tmp, for reading and writing: it goes with its
 *  descriptor. @return the descriptor (given: close), or -1 with omma_why(). Thread-safe: yes. */
int omma_file_nameless(void);

/** The whole file, with a 0 byte behind it. max_bytes guards against surprises.
 *  @return OMMA_OK (*data given: free()); OMMA_NOT_FOUND, OMMA_DENIED, OMMA_FORMAT (larger than
 *  max_bytes, or a folder), OMMA_IO, OMMA_NO_MEMORY. */
omma_error omma_file_read(const char *path, size_t max_bytes, char **data, size_t *bytes);

/** Makes a folder and its missing parents; fine when it is there already. */
omma_error omma_make_folder(const char *path);

#ifdef __cplusplus
}
#endif
