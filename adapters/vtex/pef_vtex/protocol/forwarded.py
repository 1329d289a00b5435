"""`…/inbound/{action}`: others' requests, forwarded by VTEX. We gave out no such address."""

from pef_adapters.core.texts import explain
from pef_adapters.platforms.contract import StoreConnection
from pef_adapters.platforms.provider import Answer
from pef_vtex import exact_json
from pef_vtex.wire import Forwarded, InboundBody, InboundSaid


def answer(body: InboundBody, payment_id: str, store: StoreConnection) -> Answer:
    """VTEX is answered; whoever called its address hears that nothing is there."""
    text = explain("vtex_answer.no_such_action", store.language)
    said = InboundSaid(
        request_id=body.request_id,
        payment_id=payment_id,
        code="no-such-action",
        message=text,
        response_data=Forwarded(
            status_code=404, content=exact_json.write({"message": text}).decode()
        ),
    )
    return Answer(200, said.as_json())
