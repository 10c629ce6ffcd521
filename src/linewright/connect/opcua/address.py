"""What a server offers: its job order receiver, its response provider, its journal and its clock."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from asyncua import Client, Node, ua
from asyncua.common.structures104 import load_custom_struct

from linewright.connect.door import Probe
from linewright.errors import Finding

ISA95_URI = "http://opcfoundation.org/UA/ISA95-JOBCONTROL_V2/"
PLANT_URI = "urn:linewright:plant"

RECEIVER, PROVIDER = 1002, 1003
READ_BACK = "RequestJobResponseByJobOrderID"
NEEDED_METHODS = ("Store", "StoreAndStart", "Update", "Cancel")
LEVELS = 3  # below Objects in which job control is looked for

# numeric ids of the data types used here, each after those it is made of
DATA_TYPES = {
    "Property": 3002,
    "Parameter": 3003,
    "Equipment": 3005,
    "Personnel": 3011,
    "PhysicalAsset": 3012,
    "Material": 3010,
    "State": 3006,
    "WorkMaster": 3007,
    "JobOrder": 3008,
    "JobResponse": 3013,
}


@dataclass(slots=True)
class Address:
    """Node ids in one server; what is not there is None or missing."""

    server: str = ""
    namespaces: list[str] = field(default_factory=list)
    receiver: ua.NodeId | None = None
    provider: ua.NodeId | None = None
    methods: dict[str, ua.NodeId] = field(default_factory=dict)  # of receiver and provider
    types: dict[str, Any] = field(default_factory=dict)  # class by the names of DATA_TYPES
    plant: dict[str, ua.NodeId] = field(default_factory=dict)  # "Journal.LastSequence" -> node id
    plant_id: str = ""
    methods_a_call: int = 1  # most methods in one request

    def findings(self, endpoint: str, plant: str = "") -> list[Finding]:
        """What is missing for Linewright to read and write here; `plant`: whose server it is to be."""
        if ISA95_URI not in self.namespaces:
            return [
                Finding(
                    endpoint,
                    f"does not offer ISA-95 Job Control: it has no namespace {ISA95_URI}.",
                    "Maybe the companion specification OPC 10031-4 has to be switched on in the server.",
                )
            ]
        found: list[Finding] = []
        if plant and self.plant_id and self.plant_id != plant:
            found.append(
                Finding(
                    endpoint,
                    f"is plant {self.plant_id}, not {plant}.",
                    "Maybe the endpoint is another plant's, or the plant folder is.",
                )
            )
        if self.receiver is None:
            found.append(
                Finding(
                    endpoint, f"has no ISA95JobOrderReceiverObjectType within {LEVELS} levels of Objects."
                )
            )
        elif missing := [name for name in NEEDED_METHODS if name not in self.methods]:
            found.append(Finding(endpoint, f"its job order receiver lacks {', '.join(missing)}."))
        if self.provider is None or READ_BACK not in self.methods:
            found.append(
                Finding(
                    endpoint,
                    f"has no job response provider with {READ_BACK}.",
                    "Without it a lost answer could not be told from a lost write, and nothing is written.",
                )
            )
        if missing := [name for name in ("JobOrder", "JobResponse") if name not in self.types]:
            found.append(
                Finding(
                    endpoint,
                    f"does not describe its data types ({', '.join(missing)}: no DataTypeDefinition).",
                    "Maybe a newer version of the server does: the attribute came with OPC UA 1.04.",
                )
            )
        if "Journal.ReadJournal" not in self.plant:
            found.append(
                Finding(
                    endpoint,
                    f"has no journal of what happened (namespace {PLANT_URI}).",
                    "Linewright reads only servers with one: see docs/reference/opcua-address-space.md.",
                )
            )
        return found

    def probe(self, endpoint: str) -> Probe:
        facts = (
            ("namespaces", ", ".join(self.namespaces)),
            ("job order receiver", str(self.receiver or "none")),
            ("its methods", ", ".join(sorted(self.methods)) or "none"),
            ("job response provider", str(self.provider or "none")),
            ("journal", "yes" if "Journal.ReadJournal" in self.plant else "no"),
            ("plant", self.plant_id or "unknown"),
        )
        return Probe(endpoint, self.server, facts, tuple(self.findings(endpoint)))


async def survey(client: Client) -> Address:
    """Look at what a connected server offers."""
    address = Address(namespaces=await client.get_namespace_array())
    product, limit = await client.read_attributes(
        [
            client.get_node(ua.NodeId(ua.ObjectIds.Server_ServerStatus_BuildInfo_ProductName)),
            client.get_node(
                ua.NodeId(ua.ObjectIds.Server_ServerCapabilities_OperationLimits_MaxNodesPerMethodCall)
            ),
        ],
        ua.AttributeIds.Value,
    )
    address.server = str(_value(product) or "an OPC UA server without a name")
    address.methods_a_call = int(_value(limit) or 0) or 1000
    if ISA95_URI in address.namespaces:
        await _find_job_control(client, address)
    if PLANT_URI in address.namespaces:
        await _find_plant(client, address)
    return address


async def _find_job_control(client: Client, address: Address) -> None:
    namespace = address.namespaces.index(ISA95_URI)
    receiver, provider = ua.NodeId(RECEIVER, namespace), ua.NodeId(PROVIDER, namespace)
    level: list[Node] = [client.nodes.objects]
    for _ in range(LEVELS):
        below: list[Node] = []
        for _, answer in await client.browse_nodes(level):
            for item in answer.References or ():
                if not item.IsForward or item.NodeClass != ua.NodeClass.Object:
                    continue
                if item.TypeDefinition == receiver and address.receiver is None:
                    address.receiver = _plain(item.NodeId)
                elif item.TypeDefinition == provider and address.provider is None:
                    address.provider = _plain(item.NodeId)
                elif item.NodeId.NamespaceIndex != 0:
                    below.append(client.get_node(_plain(item.NodeId)))
        if not below or (address.receiver and address.provider):
            break
        level = below
    for owner in (address.receiver, address.provider):
        if owner is not None:
            for item in await client.get_node(owner).get_children_descriptions(
                nodeclassmask=ua.NodeClass.Method
            ):
                address.methods[item.BrowseName.Name] = _plain(item.NodeId)
    for name, identifier in DATA_TYPES.items():
        try:
            address.types[name] = await load_custom_struct(client.get_node(ua.NodeId(identifier, namespace)))
        except (ua.UaError, RuntimeError):
            break


async def _find_plant(client: Client, address: Address) -> None:
    namespace = address.namespaces.index(PLANT_URI)
    paths = {
        "PlantID": ["Plant", "PlantID"],
        **{f"Clock.{name}": ["Plant", "Clock", name] for name in ("PlantTime", "Rate", "SetRate")},
        "Clock": ["Plant", "Clock"],
        "Journal": ["Plant", "Journal"],
        "Journal.LastSequence": ["Plant", "Journal", "LastSequence"],
        "Journal.ReadJournal": ["Plant", "Journal", "ReadJournal"],
        "Disruptions": ["Plant", "Disruptions"],
    }
    address.plant = await _translate(client, {k: _names(v, namespace) for k, v in paths.items()})
    if "Disruptions" in address.plant:
        for item in await client.get_node(address.plant["Disruptions"]).get_children_descriptions():
            address.plant[f"Disruptions.{item.BrowseName.Name}"] = _plain(item.NodeId)
    if "PlantID" in address.plant:
        address.plant_id = await client.get_node(address.plant["PlantID"]).read_value()


def _names(path: Iterable[str], namespace: int) -> list[ua.QualifiedName]:
    return [ua.QualifiedName(name, namespace) for name in path]


async def _translate(client: Client, paths: dict[str, list[ua.QualifiedName]]) -> dict[str, ua.NodeId]:
    asked = [
        ua.BrowsePath(
            StartingNode=client.nodes.objects.nodeid,
            RelativePath=ua.RelativePath(
                Elements=[
                    ua.RelativePathElement(
                        ReferenceTypeId=ua.NodeId(ua.ObjectIds.HierarchicalReferences),
                        IsInverse=False,
                        IncludeSubtypes=True,
                        TargetName=name,
                    )
                    for name in path
                ]
            ),
        )
        for path in paths.values()
    ]
    results = await client.uaclient.session.translate_browsepaths_to_nodeids(asked)
    return {
        key: _plain(result.Targets[0].TargetId)
        for key, result in zip(paths, results, strict=True)
        if result.StatusCode.is_good() and result.Targets
    }


def _plain(node_id: Any) -> ua.NodeId:
    """A node id of this server from an expanded one."""
    return ua.NodeId(node_id.Identifier, node_id.NamespaceIndex, node_id.NodeIdType)


def _value(answer: ua.DataValue) -> Any:
    return answer.Value.Value if answer.Value is not None else None
