"""One bank file: its lines, its download, the bank's answers, and the proofs of payment."""

from urllib.parse import quote

from starlette.responses import Response
from starlette.routing import Route

from pef_adapters.core.access import Permission
from pef_adapters.core.errors import NotThere, PefError
from pef_adapters.engine.bank_answers import Imported
from pef_adapters.engine.gate import payouts
from pef_adapters.engine.gate.payouts import NewBatch
from pef_adapters.engine.records import PayoutEnd
from pef_adapters.server.console.asking import Asking, page
from pef_adapters.server.console.drawing import drawn, moved
from pef_adapters.server.console.refusals import Refused, asked_for, refused

_BATCH = "/console/payouts/batches/{batch_id}"
_LONGEST_NAME = 100
# What may stand in a file's name; a proof's own name was typed by somebody else.
_SAFE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")


async def drawn_batch(
    asking: Asking,
    batch_id: str,
    *,
    new: NewBatch | None = None,
    booked: Imported | None = None,
    refusal: Refused | None = None,
) -> Response:
    """The page of one bank file, after whatever was just done to it.

    Raises:
        NotThere, NotAllowed: as for every batch.
    """
    summary, proofs = await payouts.batch(asking.ports, asking.actor, batch_id)
    payable = await payouts.accounts(asking.ports, asking.actor, Permission.PAY_OUT)
    return drawn(
        asking,
        "payouts/batch.html.jinja",
        refusal.status if refusal else 200,
        summary=summary,
        proofs=proofs,
        ends=PayoutEnd,
        may_pay=summary.batch.account_id in payable,
        over=any(line.ended_as is not None for line in summary.payouts),
        new=new,
        booked=booked,
        refusal=refusal,
        typed=asking.form,
    )


@page
async def _show(asking: Asking) -> Response:
    return await drawn_batch(asking, _batch_id(asking))


@page
async def _file(asking: Asking) -> Response:
    """The file for the bank: a form's answer, so that no address of it is kept or followed."""
    try:
        made = await payouts.bank_file(asking.ports, asking.actor, _batch_id(asking))
    except NotThere:
        raise
    except PefError as error:
        return await drawn_batch(asking, _batch_id(asking), refusal=refused(error))
    return _download(made.name, made.media_type, made.body)


@page
async def _answers(asking: Asking) -> Response:
    batch_id, data = _batch_id(asking), asking.files.get("answers")
    if not data:
        missing = asked_for("console.payouts_no_file")
        return await drawn_batch(asking, batch_id, refusal=missing)
    try:
        booked = await payouts.take_answers(asking.ports, asking.actor, batch_id, data)
    except NotThere:
        raise
    except PefError as error:
        return await drawn_batch(asking, batch_id, refusal=refused(error))
    return await drawn_batch(asking, batch_id, booked=booked)


@page
async def _keep_proof(asking: Asking) -> Response:
    batch_id, body = _batch_id(asking), asking.files.get("proof")
    if not body:
        missing = asked_for("console.payouts_no_file")
        return await drawn_batch(asking, batch_id, refusal=missing)
    try:
        await payouts.attach_proof(
            asking.ports,
            asking.actor,
            batch_id,
            file_name=_safe_name(asking.form.get("name", "")),
            body=body,
            line_id=asking.form.get("line", ""),
        )
    except PefError as error:
        return await drawn_batch(asking, batch_id, refusal=refused(error))
    return moved(f"/console/payouts/batches/{quote(batch_id)}", "console.payouts_proof_kept")


@page
async def _proof(asking: Asking) -> Response:
    number = asking.request.path_params["proof_id"]
    kept = await payouts.proof(asking.ports, asking.actor, _batch_id(asking), number)
    name = f"{kept.batch_id}-{kept.id}-{_safe_name(kept.file_name)}"
    # Whatever it is, a browser must save it and never show it as a page of ours.
    return _download(name, "application/octet-stream", kept.body)


def _batch_id(asking: Asking) -> str:
    batch_id: str = asking.request.path_params["batch_id"]
    return batch_id


def _download(name: str, media_type: str, body: bytes) -> Response:
    disposition = {"Content-Disposition": f'attachment; filename="{_safe_name(name)}"'}
    return Response(body, media_type=media_type, headers=disposition)


def _safe_name(typed: str) -> str:
    """Never a path, nor anything that a header or a page could stumble over."""
    kept = "".join(letter if letter in _SAFE else "_" for letter in typed.strip())
    return kept[-_LONGEST_NAME:] or "file"


ROUTES = [
    Route(_BATCH, _show, methods=["GET"]),
    Route(_BATCH + "/file", _file, methods=["POST"]),
    Route(_BATCH + "/answers", _answers, methods=["POST"]),
    Route(_BATCH + "/proofs", _keep_proof, methods=["POST"]),
    Route(_BATCH + "/proofs/{proof_id:int}", _proof, methods=["POST"]),
]
