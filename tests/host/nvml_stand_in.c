/* A stand-in for libnvidia-ml.so.1 that answers what the environment tells it.
 *
 * NVML_STAND_IN_GPU_<i>   one variable per GPU, counted from 0 without a gap: words "key=value",
 *                         each ended by a space or the end. A key that is not there answers
 *                         NOT_SUPPORTED. Keys: utilization, memory_controller, used, total,
 *                         reserved (bytes), power, limit (mW), temperature, sm_clock, reasons,
 *                         memory_clock, energy (mJ), programs (how many, with the pids 101, 102 …
 *                         and 1, 2 … MiB).
 *                         lost_after=N: every call on this GPU after its first N fails with the
 *                         code lost_code (15, GPU_IS_LOST, unless told); lost_calls=M: for M calls
 *                         only. no_handle=CODE: it cannot be opened. broken=N: the Nth call of each
 *                         10, a read of a GPU that supports everything, fails with lost_code.
 *                         hang_after=N: every call on this GPU after its first N never returns;
 *                         hang_calls=M: M calls only, which take hang_ms each.
 *                         crash_after=N: the call after its first N kills the process.
 *                         A play: idle_power, load_power (mW) give power, and energy as its
 *                         integral; load_from, load_until (ms) say when there is load;
 *                         hot_from (ms): from then on the clock is lowered by heat
 *                         (hw_thermal_slowdown), with hot_temperature and hot_sm_clock.
 * NVML_STAND_IN_START     where these ms count from, in ms of CLOCK_MONOTONIC; else from the
 *                         library's start.
 * NVML_STAND_IN_SPEED     how many times as fast a play goes: these ms are then those of the play.
 * NVML_STAND_IN_CONTROL   a file of more words for every GPU, read anew at every call: they come
 *                         before those of the environment, so that a test can turn the load on.
 * NVML_STAND_IN_NAME      the name of every GPU, byte by byte.
 * NVML_STAND_IN_INIT      the code that nvmlInitWithFlags answers with; -1: it never returns.
 *
 * Compiled with -DOLD_DRIVER it has only the calls that drivers of 2021 have.
 */

#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { SUCCESS = 0, INVALID_ARGUMENT = 2, NOT_SUPPORTED = 3, INSUFFICIENT_SIZE = 7, GPU_IS_LOST = 15, UNKNOWN = 999 };
enum { MAX_GPUS = 64, SM_CLOCK = 1, MEMORY_CLOCK = 2, CALLS_PER_READ = 10 };

typedef struct {
    unsigned index;
    long calls;
} Device;

typedef struct {
    unsigned gpu, memory;
} Utilization;

typedef struct {
    unsigned long long total, free, used;
} Memory;

typedef struct {
    unsigned version;
    unsigned long long total, reserved, free, used;
} Memory_v2;

static Device devices[MAX_GPUS];

static const char *words_of(unsigned index)
{
    char name[40];
    snprintf(name, sizeof name, "NVML_STAND_IN_GPU_%u", index);
    return getenv(name);
}

static int found(const char *at, const char *key, unsigned long long *value)
{
    size_t length = strlen(key);
    while (at != NULL && *at != '\0') {
        if (strncmp(at, key, length) == 0 && at[length] == '=') {
            *value = strtoull(at + length + 1, NULL, 0);
            return 1;
        }
        at = strpbrk(at, " \n");
        if (at != NULL)
            at++;
    }
    return 0;
}

/* 1 and the value when the GPU was told one for the key, else 0. */
static int told(unsigned index, const char *key, unsigned long long *value)
{
    const char *path = getenv("NVML_STAND_IN_CONTROL");
    FILE *file = path == NULL ? NULL : fopen(path, "r");
    if (file != NULL) {
        char words[4096];
        words[fread(words, 1, sizeof words - 1, file)] = '\0';
        fclose(file);
        if (found(words, key, value))
            return 1;
    }
    return found(words_of(index), key, value);
}

static long long monotonic_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static long long first_ms;

__attribute__((constructor)) static void note_start(void) { first_ms = monotonic_ms(); }

static long long played_ms(void)
{
    const char *start = getenv("NVML_STAND_IN_START"), *speed = getenv("NVML_STAND_IN_SPEED");
    long long passed = monotonic_ms() - (start == NULL ? first_ms : atoll(start));
    return speed == NULL ? passed : passed * atoll(speed);
}

static int hot(unsigned index)
{
    unsigned long long from;
    return told(index, "hot_from", &from) && played_ms() >= (long long)from;
}

/* 1, the power now in mW and the energy so far in mJ when the GPU plays a load, else 0. */
static int played(unsigned index, unsigned long long *power, unsigned long long *energy)
{
    unsigned long long idle, load, from, until = ~0ULL >> 1;
    long long now = played_ms(), under_load = 0;
    int loaded = 0;
    if (!told(index, "idle_power", &idle) || !told(index, "load_power", &load))
        return 0;
    if (told(index, "load_from", &from)) {
        told(index, "load_until", &until);
        loaded = now >= (long long)from && now < (long long)until;
        if (now > (long long)from)
            under_load = (now < (long long)until ? now : (long long)until) - (long long)from;
    }
    *power = loaded ? load : idle;
    *energy = ((unsigned long long)(now - under_load) * idle + under_load * load) / 1000;
    return 1;
}

/* Never returns; or, for the first hang_calls calls, after hang_ms. */
static void hang(Device *device, unsigned long long after)
{
    unsigned long long calls, milliseconds = 0;
    if (!told(device->index, "hang_calls", &calls))
        for (;;)
            pause();
    told(device->index, "hang_ms", &milliseconds);
    if (device->calls <= (long)(after + calls))
        usleep((useconds_t)(milliseconds * 1000));
}

/* Counts a call on the device; the error that it must answer with, or SUCCESS. */
static int lost(Device *device)
{
    unsigned long long after, calls, code = GPU_IS_LOST;
    device->calls++;
    if (told(device->index, "crash_after", &after) && device->calls > (long)after)
        abort();
    if (told(device->index, "hang_after", &after) && device->calls > (long)after)
        hang(device, after);
    if (told(device->index, "broken", &after) &&
        device->calls % CALLS_PER_READ == (long)after % CALLS_PER_READ) {
        told(device->index, "lost_code", &code);
        return (int)code;
    }
    if (!told(device->index, "lost_after", &after) || device->calls <= (long)after)
        return SUCCESS;
    if (told(device->index, "lost_calls", &calls) && device->calls > (long)(after + calls))
        return SUCCESS;
    told(device->index, "lost_code", &code);
    return (int)code;
}

/* As `told`, with what is played first. */
static int known(unsigned index, const char *key, unsigned long long *value)
{
    unsigned long long power, energy;
    int power_asked = strcmp(key, "power") == 0;
    if ((power_asked || strcmp(key, "energy") == 0) && played(index, &power, &energy)) {
        *value = power_asked ? power : energy;
        return 1;
    }
    if (hot(index)) {
        if (strcmp(key, "reasons") == 0) {
            *value = 0x40;
            return 1;
        }
        if (strcmp(key, "temperature") == 0 && told(index, "hot_temperature", value))
            return 1;
        if (strcmp(key, "sm_clock") == 0 && told(index, "hot_sm_clock", value))
            return 1;
    }
    return told(index, key, value);
}

static int answer(Device *device, const char *key, unsigned long long *value)
{
    int code = lost(device);
    if (code != SUCCESS)
        return code;
    return known(device->index, key, value) ? SUCCESS : NOT_SUPPORTED;
}

static int answer_uint(Device *device, const char *key, unsigned *value)
{
    unsigned long long wide = 0;
    int code = answer(device, key, &wide);
    *value = (unsigned)wide;
    return code;
}

int nvmlInitWithFlags(unsigned flags)
{
    const char *code = getenv("NVML_STAND_IN_INIT");
    (void)flags;
    while (code != NULL && atoi(code) == -1)
        pause();
    return code == NULL ? SUCCESS : atoi(code);
}

int nvmlShutdown(void) { return SUCCESS; }

const char *nvmlErrorString(int code)
{
    switch (code) {
    case NOT_SUPPORTED:
        return "Not Supported";
    case 9:
        return "Driver Not Loaded";
    case 18:
        return "Driver/library version mismatch";
    case GPU_IS_LOST:
        return "GPU is lost";
    default:
        return "Unknown Error";
    }
}

int nvmlSystemGetDriverVersion(char *version, unsigned length)
{
    snprintf(version, length, "535.183.01");
    return SUCCESS;
}

int nvmlDeviceGetCount_v2(unsigned *count)
{
    for (*count = 0; *count < MAX_GPUS && words_of(*count) != NULL;)
        ++*count;
    return SUCCESS;
}

int nvmlDeviceGetHandleByIndex_v2(unsigned index, Device **device)
{
    unsigned long long code;
    if (index >= MAX_GPUS || words_of(index) == NULL)
        return INVALID_ARGUMENT;
    if (told(index, "no_handle", &code))
        return (int)code;
    devices[index].index = index;
    *device = &devices[index];
    return SUCCESS;
}

int nvmlDeviceGetName(Device *device, char *name, unsigned length)
{
    const char *told_name = getenv("NVML_STAND_IN_NAME");
    if (told_name != NULL)
        snprintf(name, length, "%s", told_name);
    else
        snprintf(name, length, "Stand-in GPU %u", device->index);
    return SUCCESS;
}

int nvmlDeviceGetUUID(Device *device, char *uuid, unsigned length)
{
    snprintf(uuid, length, "GPU-00000000-0000-0000-0000-%012u", device->index);
    return SUCCESS;
}

int nvmlDeviceGetUtilizationRates(Device *device, Utilization *rates)
{
    int code = answer_uint(device, "utilization", &rates->gpu);
    unsigned long long memory = 0;
    told(device->index, "memory_controller", &memory);
    rates->memory = (unsigned)memory;
    return code;
}

/* The first form of this call counts what the driver reserves as used. */
int nvmlDeviceGetMemoryInfo(Device *device, Memory *memory)
{
    unsigned long long reserved = 0;
    int code = answer(device, "used", &memory->used);
    told(device->index, "total", &memory->total);
    told(device->index, "reserved", &reserved);
    memory->used += reserved;
    memory->free = memory->total - memory->used;
    return code;
}

int nvmlDeviceGetPowerUsage(Device *device, unsigned *milliwatts)
{
    return answer_uint(device, "power", milliwatts);
}

int nvmlDeviceGetEnforcedPowerLimit(Device *device, unsigned *milliwatts)
{
    return answer_uint(device, "limit", milliwatts);
}

int nvmlDeviceGetTemperature(Device *device, unsigned sensor, unsigned *celsius)
{
    return sensor == 0 ? answer_uint(device, "temperature", celsius) : INVALID_ARGUMENT;
}

int nvmlDeviceGetClockInfo(Device *device, unsigned clock, unsigned *megahertz)
{
    if (clock == MEMORY_CLOCK)
        return answer_uint(device, "memory_clock", megahertz);
    return clock == SM_CLOCK ? answer_uint(device, "sm_clock", megahertz) : INVALID_ARGUMENT;
}

int nvmlDeviceGetTotalEnergyConsumption(Device *device, unsigned long long *millijoules)
{
    return answer(device, "energy", millijoules);
}

int nvmlSystemGetProcessName(unsigned pid, char *name, unsigned length)
{
    snprintf(name, length, "%s", pid == 101 ? "/usr/bin/serve --key secret" : "bad\xff");
    return SUCCESS;
}

int nvmlDeviceGetCurrentClocksThrottleReasons(Device *device, unsigned long long *mask)
{
    return answer(device, "reasons", mask);
}

#ifndef OLD_DRIVER

typedef struct {
    unsigned pid;
    unsigned long long used;
    unsigned gpu_instance, compute_instance;
} Process;

/* Asked twice, as NVML is: first without room, for the number. Only the first counts as a call. */
int nvmlDeviceGetComputeRunningProcesses_v3(Device *device, unsigned *count, Process *processes)
{
    unsigned long long programs = 0;
    unsigned room = *count;
    int code = processes == NULL ? answer(device, "programs", &programs)
               : told(device->index, "programs", &programs) ? SUCCESS : NOT_SUPPORTED;
    if (code != SUCCESS)
        return code;
    *count = (unsigned)programs;
    if (room < *count)
        return INSUFFICIENT_SIZE;
    for (unsigned i = 0; i < *count; i++)
        processes[i] = (Process){101 + i, (i + 1ULL) << 20, 0, 0};
    return SUCCESS;
}

int nvmlDeviceGetMemoryInfo_v2(Device *device, Memory_v2 *memory)
{
    int code = answer(device, "used", &memory->used);
    if (memory->version != (sizeof(Memory_v2) | 2u << 24))
        return INVALID_ARGUMENT;
    told(device->index, "total", &memory->total);
    told(device->index, "reserved", &memory->reserved);
    memory->free = memory->total - memory->used - memory->reserved;
    return code;
}

int nvmlDeviceGetCurrentClocksEventReasons(Device *device, unsigned long long *mask)
{
    return answer(device, "reasons", mask);
}

#endif
