"""Worlds with graphs for the tests: agents of two kinds that move, are born, end, and change their edges."""

from __future__ import annotations

import bigworlds as bw


class Tie(bw.EdgeComponent):
    weight: float = 1.0
    since: int = -1
    place: bw.vec2


class Debt(bw.EdgeComponent):
    amount: int = 3


class Person(bw.Component):
    position: bw.vec2
    wealth: float = 0.0
    degree: int = 0
    owed: int = 0


class Shop(bw.Component):
    position: bw.vec2
    stock: float = 1.0
    customers: int = 0


class Note(bw.Event):
    amount: float = 0.0


@bw.behavior(neighbors=Tie)
def mingle(me: Person, others: bw.Neighbors[Person], space: bw.Space, rng: bw.Rng) -> None:
    """Moves by what the weighted neighbours have; agents cross the borders of ranks."""
    pull = 0.0
    for other in others:
        pull += other.edge.weight * (other.wealth - me.wealth) + 0.01 * other.edge.place.x
    me.wealth += 0.1 * pull
    me.degree = len(others)
    me.position = space.wrap(me.position + bw.vec2(rng.normal(0.0, 4.0), rng.normal(0.0, 4.0)))


@bw.behavior(neighbors={"shops": Tie, "debtors": Debt, "near": 3.0})
def visit(
    me: Person,
    shops: bw.Neighbors[Shop],
    debtors: bw.Neighbors[Person],
    near: bw.Neighbors[Person],
    tell: bw.Send[Note],
) -> None:
    """Three Neighbors arguments in one behavior: two graphs and the space."""
    me.owed = 0
    for debtor in debtors:
        me.owed += debtor.edge.amount
        if debtor.wealth > 0.5:
            tell(debtor.id, amount=0.01 * len(near))
    for shop in shops:
        me.wealth += 0.001 * shop.stock


@bw.behavior
def pay(me: Person, notes: bw.Inbox[Note]) -> None:
    for note in notes:
        me.wealth -= note.amount


@bw.behavior(neighbors=Tie)
def serve(shop: Shop, customers: bw.Neighbors[Person]) -> None:
    shop.customers = len(customers)
    for customer in customers:
        shop.stock += 0.01 * customer.edge.weight


@bw.behavior(neighbors={"others": Tie, "near": 6.0, "debtors": Debt})
def socialise(
    me: Person,
    self: bw.Entity,
    others: bw.Neighbors[Person],
    near: bw.Neighbors[Person],
    debtors: bw.Neighbors[Person],
    tie: bw.Link[Tie],
    debt: bw.Link[Debt],
    child: bw.Spawn[Person],
    clock: bw.Clock,
    rng: bw.Rng,
) -> None:
    for other in others:
        chance = rng.uniform()
        if chance < 0.05:
            tie.remove(other.id)
        elif chance < 0.2:
            tie.set(other.id, weight=0.5 * other.edge.weight, place=me.position)
        elif chance < 0.25:
            tie.remove(other.id)
            tie.add(other.id, weight=2.0)
    for debtor in debtors:
        if rng.bernoulli(0.1):
            debt.remove(debtor.id)
        else:
            debt.set(debtor.id, amount=debtor.edge.amount + 1)
    for close in near:
        if rng.bernoulli(0.2):
            tie.add(close.id, since=clock.tick)
        if rng.bernoulli(0.1):
            debt.add(close.id)
            debt.set(close.id, amount=7)
    if rng.bernoulli(0.03):
        self.despawn()
        tie.add(100_000)
        if self.id != 7:
            tie.add(7)
    elif rng.bernoulli(0.05):
        child(position=me.position, wealth=me.wealth)


def describe(world: bw.World, *phases: object, activation: object = None) -> None:
    world.space = bw.Continuous((40.0, 30.0), periodic=True)
    world.tiles = 20
    world.spawn(Person, n=60, position=bw.uniform(), wealth=bw.uniform(0.0, 1.0))
    world.spawn(Shop, n=6, position=bw.uniform())
    world.spawn(Person, n=20, position=bw.uniform(), wealth=bw.uniform(0.0, 1.0))
    world.graph(Tie, bw.small_world(k=6, rewire=0.3), of=Person, weight=bw.uniform(0.5, 1.5))
    world.graph(Debt, bw.random_graph(mean_degree=2.0), of=Person, directed=True, amount=bw.integers(1, 9))
    world.behaviors(*phases, activation=activation)


@bw.behavior(neighbors=5.0)
def shop_nearby(me: Person, shops: bw.Neighbors[Shop], tie: bw.Link[Tie], rng: bw.Rng) -> None:
    for shop in shops:
        if rng.bernoulli(0.3):
            tie.add(shop.id, weight=3.0)


@bw.model()
def town(world: bw.World) -> None:
    """All at once, synchronous."""
    describe(world, mingle, shop_nearby, (visit, serve), pay, socialise)


@bw.model()
def queue(world: bw.World) -> None:
    """The same, agents one after another."""
    describe(world, mingle, shop_nearby, visit, serve, pay, socialise, activation=bw.Sequential())


class Voter(bw.Component):
    opinion: int = 0
    seen: int = 0


class Peer(bw.EdgeComponent):
    pass


@bw.behavior(neighbors=Peer)
def listen(me: Voter, peers: bw.Neighbors[Voter], rng: bw.Rng) -> None:
    me.seen = len(peers)
    if len(peers) > 0:
        me.opinion = rng.choice(peers).opinion


@bw.behavior(neighbors=Peer)
def argue(me: Voter, self: bw.Entity, peers: bw.Neighbors[Voter], link: bw.Link[Peer], rng: bw.Rng) -> None:
    for peer in peers:
        if peer.opinion != me.opinion and rng.bernoulli(0.2):
            link.remove(peer.id)
    if rng.bernoulli(0.2):
        other = 1 + rng.integers(70)
        if other != self.id:
            link.add(other)
    if rng.bernoulli(0.02):
        self.despawn()


@bw.model()
def votes(world: bw.World) -> None:
    """A world without a space: ids own tiles; edges without fields."""
    world.spawn(Voter, n=70, opinion=bw.integers(3))
    world.graph(Peer, bw.scale_free(m=2), of=Voter)
    world.behaviors(listen, argue)


MODELS = {"town": town, "queue": queue, "votes": votes}
