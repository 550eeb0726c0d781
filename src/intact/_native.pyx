# cython: language_level=3, freethreading_compatible=True, binding=False
# cython: subinterpreters_compatible=own_gil
# cython: embedsignature=True, embedsignature.format=clinic
# cython: autotestdict=False, auto_pickle=False
"""CRC-64/NVME, CRC-32 and CRC-32C over any buffer.

The checksums are computed by the C code in csrc/; this module moves buffers.

Most calls sum a few bytes, and four fifths of their time is what any call of Python costs
(benchmarks/bench_calls.py), so what such calls meet is written for speed: the functions take
their arguments as an array, by a table of their own in _module.h, since Cython's own functions
take a tuple under the limited API; bytes are read in place; and an object is locked only while a
thread without the GIL uses it.
"""

cimport cython
from cpython.buffer cimport PyBUF_SIMPLE, PyBuffer_Release, PyObject_GetBuffer
from cpython.bytes cimport (
    PyBytes_AsString, PyBytes_AsStringAndSize, PyBytes_FromStringAndSize
)
from cpython.long cimport PyLong_AsUnsignedLongLong, PyLong_FromUnsignedLongLong
from cpython.number cimport PyNumber_Index
from cpython.object cimport PyObject, PyTypeObject
from libc.stdint cimport UINT64_MAX, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, malloc
from libc.string cimport memcpy

from intact cimport _csrc as c

cdef extern from "Python.h":
    PyTypeObject PyBytes_Type, PyLong_Type
    PyTypeObject *Py_TYPE(PyObject *thing)
    Py_ssize_t Py_SIZE(PyObject *thing)
    uint64_t as_unsigned "PyLong_AsUnsignedLongLong"(PyObject *number) noexcept
    PyObject *PyErr_Occurred()
    void PyErr_Clear()

cdef extern from "_module.h":
    const bint HAS_GIL "INTACT_HAS_GIL"
    uint32_t FEATURES
    const c.crc_kernel *SELECTED
    Py_ssize_t BYTES_AT

ctypedef PyObject *const *Array  # of arguments, borrowed

cdef enum:
    RELEASE_GIL_AT = 32768  # bytes; measured by benchmarks/bench_gil.py
    FILE_BUFFER = 262144  # bytes; what is read stays in the second-level cache until it is summed

cdef struct FileWork:
    char *path
    int error
    c.crc_file_sum sum

FEATURES = c.cpu_features()
SELECTED = c.crc_kernel_select(FEATURES)
BYTES_AT = PyBytes_AsString(b"") - <char *><PyObject *>b""


cdef inline void big_endian(uint64_t crc, unsigned width, unsigned char *to) noexcept:
    cdef unsigned shift = width
    while shift:
        shift -= 8
        to[0] = (crc >> shift) & 0xff
        to += 1


cdef inline bint plain(PyObject *data) noexcept:
    # bytes, not of a subclass, and too few to release the GIL for
    return Py_TYPE(data) == &PyBytes_Type and Py_SIZE(data) < RELEASE_GIL_AT


cdef inline uint64_t extend_plain(
    const c.crc_model *model, uint64_t crc, PyObject *data
) noexcept:
    return c.crc_extend(model, SELECTED, crc, <char *>data + BYTES_AT, <size_t>Py_SIZE(data))


cdef uint64_t extend(
    const c.crc_model *model, const c.crc_kernel *kernel, uint64_t crc, Py_buffer *view
) noexcept:
    if view.len < RELEASE_GIL_AT:
        return c.crc_extend(model, kernel, crc, view.buf, <size_t>view.len)
    with nogil:
        return c.crc_extend(model, kernel, crc, view.buf, <size_t>view.len)


cdef int acquire(object data, Py_buffer *view) except -1:
    if isinstance(data, str):
        raise TypeError("Strings must be encoded before hashing")
    PyObject_GetBuffer(data, view, PyBUF_SIMPLE)
    return 0


cdef inline bint unsigned_exactly(PyObject *number, uint64_t limit, uint64_t *value) noexcept:
    # whether it is an int, not of a subclass, within the limit
    if Py_TYPE(number) != &PyLong_Type:
        return False
    value[0] = as_unsigned(number)
    if value[0] == UINT64_MAX and PyErr_Occurred() != NULL:
        PyErr_Clear()
        return False
    return value[0] <= limit


cdef int unsigned(object number, uint64_t limit, uint64_t *value) except -1:
    number = PyNumber_Index(number)  # Cython's own conversion would truncate a float
    value[0] = PyLong_AsUnsignedLongLong(number)
    if value[0] > limit:
        raise OverflowError(f"{number:#x} is above {limit:#x}")
    return 0


cdef object one_shot(
    const c.crc_model *model, const c.crc_kernel *kernel, object data, object value
):
    cdef uint64_t crc
    cdef Py_buffer view
    unsigned(value, model.mask, &crc)
    acquire(data, &view)
    crc = extend(model, kernel, crc, &view)
    PyBuffer_Release(&view)
    return crc


cdef uint64_t length(object size) except? 0xffffffffffffffff:
    cdef uint64_t value
    size = PyNumber_Index(size)
    if size < 0:
        raise ValueError(f"length is {size}; wanted none that is negative")
    unsigned(size, UINT64_MAX, &value)
    return value


cdef object sum_any(const c.crc_model *model, Array args, Py_ssize_t count):
    cdef uint64_t crc
    if count != 1 and count != 2:
        raise TypeError(f"{model.name.decode()}() takes data and a value, got {count} arguments")
    if count == 2 and plain(args[0]) and unsigned_exactly(args[1], model.mask, &crc):
        return PyLong_FromUnsignedLongLong(extend_plain(model, crc, args[0]))
    return one_shot(model, SELECTED, <object>args[0], 0 if count == 1 else <object>args[1])


cdef inline object sum_one(const c.crc_model *model, Array args, Py_ssize_t count):
    if count == 1 and plain(args[0]):
        return PyLong_FromUnsignedLongLong(extend_plain(model, 0, args[0]))
    return sum_any(model, args, count)


cdef list sum_many(const c.crc_model *model, object buffers):
    cdef list crcs = []
    for data in buffers:
        if plain(<PyObject *>data):
            crcs.append(PyLong_FromUnsignedLongLong(extend_plain(model, 0, <PyObject *>data)))
        else:
            crcs.append(one_shot(model, SELECTED, data, 0))
    return crcs


cdef uint64_t combine(
    const c.crc_model *model, const c.crc_kernel *kernel, object crc1, object crc2, object len2
) except? 0:
    cdef uint64_t a, b
    unsigned(crc1, model.mask, &a)
    unsigned(crc2, model.mask, &b)
    return c.crc_combine(model, kernel, a, b, length(len2))


cdef dict named(Array args, Py_ssize_t count, object names):
    # what a combination of three is called with, by name
    wanted = ("crc1", "crc2", "len2")
    cdef Py_ssize_t i = 0
    cdef dict given = {}
    for name in wanted[:count] + names:
        if name in given or name not in wanted:
            raise TypeError(f"combine() got {name!r} twice or does not know it")
        given[name] = <object>args[i]
        i += 1
    if count > len(wanted) or len(given) < len(wanted):
        raise TypeError(f"combine() takes crc1, crc2 and len2, got {count + len(names)} arguments")
    return given


cdef inline object combine_one(
    const c.crc_model *model, Array args, Py_ssize_t count, PyObject *names
):
    cdef uint64_t a, b, size
    if (
        names == NULL and count == 3
        and unsigned_exactly(args[0], model.mask, &a)
        and unsigned_exactly(args[1], model.mask, &b)
        and unsigned_exactly(args[2], UINT64_MAX, &size)
    ):
        return PyLong_FromUnsignedLongLong(c.crc_combine(model, SELECTED, a, b, size))
    given = named(args, count, () if names == NULL else <object>names)
    return combine(model, SELECTED, given["crc1"], given["crc2"], given["len2"])


cdef object combine_many(const c.crc_model *model, object parts):
    cdef uint64_t total = 0
    for crc, size in parts:
        total = combine(model, SELECTED, total, crc, size)
    return total


cdef object crc64nvme_one "crc64nvme_one"(PyObject *self, Array args, Py_ssize_t count):
    return sum_one(&c.crc_models[c.CRC64NVME], args, count)


cdef object crc32_one "crc32_one"(PyObject *self, Array args, Py_ssize_t count):
    return sum_one(&c.crc_models[c.CRC32], args, count)


cdef object crc32c_one "crc32c_one"(PyObject *self, Array args, Py_ssize_t count):
    return sum_one(&c.crc_models[c.CRC32C], args, count)


cdef object crc64nvme_two "crc64nvme_two"(
    PyObject *self, Array args, Py_ssize_t count, PyObject *names
):
    return combine_one(&c.crc_models[c.CRC64NVME], args, count, names)


cdef object crc32_two "crc32_two"(
    PyObject *self, Array args, Py_ssize_t count, PyObject *names
):
    return combine_one(&c.crc_models[c.CRC32], args, count, names)


cdef object crc32c_two "crc32c_two"(
    PyObject *self, Array args, Py_ssize_t count, PyObject *names
):
    return combine_one(&c.crc_models[c.CRC32C], args, count, names)


def crc64nvme_many(buffers, /):
    """CRC-64/NVME of each of some buffers, in one call; errors as for crc64nvme."""
    return sum_many(&c.crc_models[c.CRC64NVME], buffers)


def crc32_many(buffers, /):
    """CRC-32/ISO-HDLC of each of some buffers, in one call; errors as for crc64nvme."""
    return sum_many(&c.crc_models[c.CRC32], buffers)


def crc32c_many(buffers, /):
    """CRC-32/ISCSI of each of some buffers, in one call; errors as for crc64nvme."""
    return sum_many(&c.crc_models[c.CRC32C], buffers)


def crc64nvme_combine_many(parts, /):
    """CRC of a concatenation from the (CRC, length) of its parts, in order; 0 if there are none.

    Errors as for crc64nvme_combine.
    """
    return combine_many(&c.crc_models[c.CRC64NVME], parts)


def crc32_combine_many(parts, /):
    """CRC of a concatenation from the (CRC, length) of its parts; as crc64nvme_combine_many."""
    return combine_many(&c.crc_models[c.CRC32], parts)


def crc32c_combine_many(parts, /):
    """CRC of a concatenation from the (CRC, length) of its parts; as crc64nvme_combine_many."""
    return combine_many(&c.crc_models[c.CRC32C], parts)


cdef class _Crc:
    """What the three hash objects share."""

    cdef const c.crc_model *_model
    cdef uint64_t _crc
    cdef cython.pymutex _lock
    cdef Py_ssize_t _lockers  # threads that hold the lock or wait for it; counted under the GIL

    def __cinit__(self):
        if type(self) is Crc64Nvme:
            self._model = &c.crc_models[c.CRC64NVME]
        elif type(self) is Crc32:
            self._model = &c.crc_models[c.CRC32]
        elif type(self) is Crc32c:
            self._model = &c.crc_models[c.CRC32C]
        else:
            raise TypeError(f"cannot create {type(self).__name__!r} instances")

    cdef inline bint alone(self) noexcept:
        # Whoever holds the GIL needs no lock while nobody else does, and a lock takes longer
        # than a short update.
        return HAS_GIL and self._lockers == 0

    cdef int append(self, object data) except -1:
        cdef Py_buffer view
        acquire(data, &view)
        if self.alone() and view.len < RELEASE_GIL_AT:
            self._crc = extend(self._model, SELECTED, self._crc, &view)
        else:
            self._lockers += HAS_GIL
            with self._lock:
                self._crc = extend(self._model, SELECTED, self._crc, &view)
            self._lockers -= HAS_GIL
        PyBuffer_Release(&view)
        return 0

    cdef uint64_t value(self) noexcept:
        if self.alone():
            return self._crc
        with self._lock:
            return self._crc

    def update(self, data, /):
        """Append a buffer.  Threads may share an object; updates do not interleave."""
        if plain(<PyObject *>data) and self.alone():
            self._crc = extend_plain(self._model, self._crc, <PyObject *>data)
        else:
            self.append(data)

    def append_crc(self, crc, size, /):
        """Append `size` bytes of which only the CRC is known, as if they had been updated.

        Raises OverflowError unless both fit and ValueError for a negative size.
        """
        cdef uint64_t value
        cdef uint64_t count = length(size)
        unsigned(crc, self._model.mask, &value)
        with self._lock:
            self._crc = c.crc_combine(self._model, SELECTED, self._crc, value, count)

    def digest(self):
        """The CRC as big-endian bytes."""
        cdef unsigned char[8] big
        big_endian(self.value(), self._model.width, big)
        return PyBytes_FromStringAndSize(<char *>big, self._model.width // 8)

    def hexdigest(self):
        """The digest in lower-case hexadecimal, leading zeros included."""
        return self.digest().hex()

    def copy(self):
        """Another object in the same state."""
        cdef _Crc other = type(self).__new__(type(self))
        other._crc = self.value()
        return other

    def __repr__(self):
        return f"<{self.name} {type(self).__name__} object @ {<size_t><PyObject *>self:#x}>"

    @property
    def name(self):
        """Lower-case name of the CRC."""
        return self._model.name.decode()

    @property
    def digest_size(self):
        """Bytes of a digest."""
        return self._model.width // 8

    @property
    def block_size(self):
        """One byte: a CRC does not collect blocks."""
        return 1


@cython.final
cdef class Crc64Nvme(_Crc):
    """Crc64Nvme(data=b"", *, usedforsecurity=True)\n--\n\nCRC-64/NVME in the style of hashlib."""

    def __cinit__(self, data=b"", *, bint usedforsecurity=True):
        self.append(data)


@cython.final
cdef class Crc32(_Crc):
    """Crc32(data=b"", *, usedforsecurity=True)\n--\n\nCRC-32/ISO-HDLC in the style of hashlib."""

    def __cinit__(self, data=b"", *, bint usedforsecurity=True):
        self.append(data)


@cython.final
cdef class Crc32c(_Crc):
    """Crc32c(data=b"", *, usedforsecurity=True)\n--\n\nCRC-32/ISCSI in the style of hashlib."""

    def __cinit__(self, data=b"", *, bint usedforsecurity=True):
        self.append(data)


def kernels():
    """The name of each kernel, fastest first, and whether this machine can run it."""
    rows = []
    cdef const c.crc_kernel *kernel = c.crc_kernels
    while kernel.name != NULL:
        rows.append((kernel.name.decode(), c.crc_kernel_usable(kernel, FEATURES)))
        kernel += 1
    return tuple(rows)


def selected():
    """The name of the kernel in use."""
    return SELECTED.name.decode()


cdef const c.crc_model *model_named(str name) except NULL:
    cdef bytes encoded = name.encode()
    cdef const c.crc_model *model = c.crc_model_named(encoded)
    if model == NULL:
        raise ValueError(f"no model is named {name!r}")
    return model


cdef const c.crc_kernel *kernel_named(str name) except NULL:
    if name is None:
        return SELECTED
    cdef bytes encoded = name.encode()
    cdef const c.crc_kernel *kernel = c.crc_kernel_named(encoded)
    if kernel == NULL:
        raise ValueError(f"no kernel is named {name!r}")
    if not c.crc_kernel_usable(kernel, FEATURES):
        raise ValueError(f"this machine cannot run kernel {name!r}")
    return kernel


cdef bytes files_digests(FileWork *work, Py_ssize_t count, unsigned width):
    cdef Py_ssize_t i, octets = width // 8
    cdef bytes digests = PyBytes_FromStringAndSize(NULL, count * octets)
    cdef unsigned char *at = <unsigned char *>PyBytes_AsString(digests)
    for i in range(count):
        big_endian(work[i].sum.crc, width, at + i * octets)
    return digests


cdef bytes files_sizes(FileWork *work, Py_ssize_t count):
    cdef Py_ssize_t i
    cdef bytes sizes = PyBytes_FromStringAndSize(NULL, count * <Py_ssize_t>sizeof(uint64_t))
    cdef char *at = PyBytes_AsString(sizes)
    for i in range(count):
        memcpy(at + i * <Py_ssize_t>sizeof(uint64_t), &work[i].sum.size, sizeof(uint64_t))
    return sizes


def _files(str model_name not None, list paths not None, largest, *, str kernel=None):
    """(digests, sizes, others) of regular files of at most `largest` bytes, without the GIL.

    `paths` are bytes.  The digests are big-endian, the sizes uint64_t of this machine, each one
    behind the other in the order of the paths.  `others` holds (position, error) of each file
    that has neither, whose places hold nothing of meaning: the errno of what failed, or -1 for a
    file that was left alone because it is larger or no regular file.  Raises ValueError for a
    path with a null byte.
    """
    cdef const c.crc_model *model = model_named(model_name)
    cdef const c.crc_kernel *chosen = kernel_named(kernel)
    cdef tuple kept = tuple(paths)  # nobody can take a path away while it is in use
    cdef Py_ssize_t i, count = len(kept)
    cdef uint64_t limit
    cdef FileWork *work
    cdef void *buffer
    cdef list others = []
    unsigned(largest, UINT64_MAX, &limit)
    work = <FileWork *>calloc(<size_t>count + 1, sizeof(FileWork))
    buffer = malloc(FILE_BUFFER)
    try:
        if work == NULL or buffer == NULL:
            raise MemoryError
        for i in range(count):
            PyBytes_AsStringAndSize(kept[i], &work[i].path, NULL)
        with nogil:
            for i in range(count):
                work[i].error = c.crc_file(
                    model, chosen, work[i].path, limit, buffer, FILE_BUFFER, &work[i].sum
                )
        for i in range(count):
            if work[i].error:
                others.append((i, work[i].error))
        return files_digests(work, count, model.width), files_sizes(work, count), others
    finally:
        free(buffer)
        free(work)


def _extend(str model_name not None, data, value=0, *, str kernel=None):
    """The one-shot function of a model by name, with a kernel by name."""
    return one_shot(model_named(model_name), kernel_named(kernel), data, value)


def _combine(str model_name not None, crc1, crc2, len2, *, str kernel=None):
    """The combination of a model by name, with a kernel by name."""
    return combine(model_named(model_name), kernel_named(kernel), crc1, crc2, len2)
