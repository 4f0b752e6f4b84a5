"""Run on several ranks by test_faults.py: a world on which one rank fails in the way that is named."""

import os
import signal
import sys
import time

import bigworlds as bw


class Walker(bw.Component):
    position: bw.vec2
    fuse: int = 0


@bw.model(ticks=10)
def walk(world: bw.World) -> None:
    """Walkers on a plane, of whom one has a short fuse."""
    world.space = bw.Continuous((100.0, 100.0), periodic=True)
    fuses = [0] * 100
    fuses[70] = fuses[90] = 3
    world.spawn(Walker, n=100, position=bw.uniform(), fuse=fuses)
    world.behaviors(step)


@bw.behavior
def step(me: Walker, space: bw.Space, rng: bw.Rng) -> None:
    """Walks; fails when the fuse has burnt."""
    if me.fuse > 0:
        me.fuse -= 1
        if me.fuse == 0 and FAILS:
            raise ValueError("the fuse has burnt")
    me.position = space.wrap(me.position + bw.vec2(rng.uniform(-1.0, 1.0), 0.5))


FAILS = sys.argv[1] == "behavior"
sim = walk.simulate(rng=1)
last = sim.rank == sim.ranks - 1
match sys.argv[1]:
    case "behavior":
        try:
            sim.run(10)
        except bw.BehaviorError as error:
            print(f"rank {sim.rank}: entity {error.entity_id} tick {error.tick}: {error}", flush=True)
            sys.exit(1)
    case "exception" if last:
        raise RuntimeError("a fault of one rank")
    case "exit" if last:
        sys.exit(3)
    case "kill" if last:
        os.kill(os.getpid(), signal.SIGKILL)
    case "stop" if last:
        os.kill(os.getpid(), signal.SIGSTOP)
    case "calls" if last:
        sim.digest()
    case "slow" if last:
        time.sleep(4)  # longer than the deadline that the test sets; a sleeping rank is alive
sim.run(10)
print(f"rank {sim.rank} came to tick {sim.tick}", flush=True)
