"""Which way of treating an indication fits the place, the method and the source that were asked for."""

from __future__ import annotations

from cryomassage.knowledge.schema import Indication, IndicationRoute, Knowledge
from cryomassage.records.client import Client


def _suits(route: IndicationRoute, client: Client, knowledge: Knowledge) -> bool:
    method = knowledge.method[route.method]
    source_fits = client.source is None or client.source.cold_source in method.sources
    return client.visit.place in method.places and source_fits


def resolve_method(client: Client, knowledge: Knowledge) -> str:
    """The method asked for, or that of the first route that suits place and source.

    Where no route suits, it is the method of the first route; the locks then say why it cannot be.
    """
    if client.request.method is not None:
        return client.request.method
    indication: Indication = knowledge.indication[client.request.indication]
    for route in indication.routes:
        if _suits(route, client, knowledge):
            return route.method
    return indication.routes[0].method


def candidate_methods(client: Client, knowledge: Knowledge) -> tuple[str, ...]:
    """The chosen method first, then the other methods of the indication that the place knows."""
    chosen = resolve_method(client, knowledge)
    others = (
        route.method
        for route in knowledge.indication[client.request.indication].routes
        if client.visit.place in knowledge.method[route.method].places
    )
    return tuple(dict.fromkeys((chosen, *others)))


def route_for(client: Client, method: str, knowledge: Knowledge) -> IndicationRoute | None:
    """The route of the indication by this method, in the class asked for where one was asked for."""
    routes = [route for route in knowledge.indication[client.request.indication].routes if route.method == method]
    wanted = client.request.exposure_class
    if wanted is not None:
        routes = [route for route in routes if route.exposure_class == wanted]
    return routes[0] if routes else None
