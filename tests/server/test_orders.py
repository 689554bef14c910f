"""How the bounds of a server are divided among its processes."""

import os

from openrekog.server.processes.orders import Orders, process_count, share_of
from openrekog.server.settings import MIB, Settings


def test_bounds_are_divided() -> None:
    whole = Settings(processes=4, max_queued_requests=10, rate_limits={"DetectFaces": 2.0})
    part = share_of(whole)
    assert part.max_queued_requests == 3
    assert part.index_memory_bytes == whole.index_memory_bytes // 4
    assert part.rate_limits == {"DetectFaces": 0.5}
    assert part.request_threads == 0
    assert part.max_body_bytes == whole.max_body_bytes


def test_every_process_can_take_what_one_server_could() -> None:
    whole = Settings(processes=16)
    part = share_of(whole)
    assert part.max_pending_body_bytes >= whole.max_body_bytes
    assert part.max_pending_pixels >= 2 * whole.max_image_pixels
    small = Settings(processes=16, max_pending_body_bytes=MIB)
    assert share_of(small).max_pending_body_bytes == MIB


def test_zero_is_one_for_each_core() -> None:
    assert process_count(Settings(processes=0)) == len(os.sched_getaffinity(0))
    assert share_of(Settings(processes=0)).processes == len(os.sched_getaffinity(0))


def test_orders_survive_the_way() -> None:
    """The least settings too: a part of them would be below what is allowed."""
    settings = Settings(index_memory_bytes=MIB, max_pending_body_bytes=MIB, s3_access_key_id="x")
    orders = Orders(settings=settings, keys_required=True)
    assert Orders.model_validate_json(orders.model_dump_json()) == orders
