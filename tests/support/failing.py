"""failing.py - failing.c in a loketd: which call of what fails.

    failing = Failing(world)                # before world.start()
    failing.next(MEMORY, n=7)               # the seventh allocation from now on
    failing.next(READS, errno.ECONNRESET, n=1, every=50)
    failing.none(); failing.failed          # how many did
"""
import mmap
import struct

NOTHING, MEMORY, READS, WRITES, FILES = range(5)
HALF = -1
FORM = struct.Struct('=iiqqqqq')


class Failing:
    def __init__(self, world, library):
        path = world.dir / 'failing'
        path.write_bytes(b'\0' * mmap.PAGESIZE)
        with open(path, 'r+b') as f:
            self.plan = mmap.mmap(f.fileno(), FORM.size)
        world.environment = {**world.environment, 'LD_PRELOAD': library, 'LOKET_FAILING': str(path),
                             'ASAN_OPTIONS': world._env()['ASAN_OPTIONS'] + ':verify_asan_link_order=0'}

    def next(self, what, error=0, n=1, every=0, least=0):
        self.none()
        FORM.pack_into(self.plan, 0, NOTHING, error, n, every, least, 0, 0)
        struct.pack_into('=i', self.plan, 0, what)

    def none(self):
        struct.pack_into('=i', self.plan, 0, NOTHING)

    @property
    def failed(self):
        return FORM.unpack_from(self.plan, 0)[5]

    @property
    def seen(self):
        return FORM.unpack_from(self.plan, 0)[6]
