"""The checkpoints, published: whoever keeps a copy can show that the register was changed."""

from dataclasses import asdict

from flask import Blueprint, Response, jsonify

from app.audit import queries
from app.audit.chain import VERSION, moment
from app.audit.tasks import keys
from app.core.permissions import require

blueprint = Blueprint("audit", __name__)


@blueprint.get("/donnees/registre.json")
def checkpoints() -> Response:
    require("audit.checkpoints.read")
    found = queries.checkpoints()
    return jsonify(
        version=VERSION,
        signed="Ed25519(version|chain|n|hash|at), signature = ed25519:public key:signature",
        public_keys=keys().published,
        checkpoints=[asdict(each) | {"at": moment(each.at)} for each in found],
    )
