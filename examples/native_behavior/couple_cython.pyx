# cython: language_level=3
"""The behavior `couple` of native_behavior.py in Cython. Build it with `python build.py`."""

from cpython.pycapsule cimport PyCapsule_New
from libc.stdint cimport int32_t, int64_t, uint32_t

cdef extern from "bigworlds/behavior_abi.h":
    const char* BW_KERNEL_CAPSULE
    uint32_t BW_ABI_VERSION
    int32_t BW_OK

    ctypedef struct bw_column:
        char* data
        int64_t stride

    ctypedef struct bw_hits:
        const uint32_t* slots

    ctypedef struct bw_reach:
        const bw_column* columns

    ctypedef struct bw_call

    ctypedef struct bw_services:
        int64_t (*gather)(bw_call*, int64_t, int64_t) noexcept nogil
        double (*sin)(double) noexcept nogil

    ctypedef struct bw_call:
        const bw_column* columns
        const char* parameters
        const bw_reach* reaches
        const bw_services* services
        bw_hits hits

    ctypedef struct bw_behavior:
        uint32_t version
        int32_t (*kernel)(bw_call*, int64_t, int64_t) noexcept nogil

# The parameters as the model declares them, 8 bytes each.
cdef struct Params:
    int64_t n
    double radius
    double coupling
    double dt

cdef double TURN = 2.0 * 3.141592653589793


cdef inline double* at(const bw_column* column, int64_t row) noexcept nogil:
    return <double*>(column.data + row * column.stride)


cdef int32_t couple(bw_call* call, int64_t begin, int64_t end) noexcept nogil:
    """Rows begin..end-1; the engine calls this on several threads, without the GIL."""
    cdef const Params* p = <const Params*>call.parameters
    cdef const bw_reach* others = &call.reaches[0]
    cdef int64_t row, k, count
    cdef double* phase
    cdef double pull
    for row in range(begin, end):
        phase = at(&call.columns[0], row)
        count = call.services.gather(call, 0, row)
        pull = 0.0
        for k in range(count):
            pull += call.services.sin(at(&others.columns[0], call.hits.slots[k])[0] - phase[0])
        phase[0] += p.dt * (at(&call.columns[1], row)[0] + p.coupling * pull)
        if phase[0] >= TURN:
            phase[0] -= TURN
    return BW_OK


cdef bw_behavior declared
declared.version = BW_ABI_VERSION
declared.kernel = couple
capsule = PyCapsule_New(&declared, BW_KERNEL_CAPSULE, NULL)
