"""The types of OPC 10031-4 (ISA-95 Job Control 2.0) in the server's address space.

Node ids, names and fields are those of the published node set, whose namespace URI the types carry; the
integration tests compare them with it. Only what the plant offers is here: six of the receiver's methods,
and its states without the transitions between them.
"""

from __future__ import annotations

from asyncua import Node, Server, ua
from asyncua.common.structures104 import load_custom_struct, new_struct_field

URI = "http://opcfoundation.org/UA/ISA95-JOBCONTROL_V2/"

STRING, DATE_TIME, TEXT = 12, 13, 21
_DECIMAL, _UNIT, _INT16, _UINT32, _ANY, _PATH = 12878, 887, 4, 7, 24, 540

_Field = tuple[str, int | str, bool, bool]  # name, data type (id in namespace 0, or name), array, optional

_RESOURCE: tuple[_Field, ...] = (
    ("Quantity", _DECIMAL, False, True),
    ("EngineeringUnits", _UNIT, False, True),
    ("Properties", "ISA95PropertyDataType", True, True),
)


def _named(use: str) -> tuple[_Field, ...]:
    return (
        ("ID", STRING, False, False),
        ("Description", TEXT, True, True),
        (use, STRING, False, True),
        *_RESOURCE,
    )


def _valued(sub: str, own: str) -> tuple[_Field, ...]:
    return (
        ("ID", STRING, False, False),
        ("Value", _ANY, False, False),
        ("Description", TEXT, True, True),
        ("EngineeringUnits", _UNIT, False, True),
        (sub, own, True, True),
    )


def _resources(suffix: str) -> tuple[_Field, ...]:
    kinds = ("Personnel", "Equipment", "PhysicalAsset", "Material")
    return tuple((f"{kind}{suffix}", f"ISA95{kind}DataType", True, True) for kind in kinds)


# name -> (data type id, id of its binary encoding, fields); a type comes after those it is made of
STRUCTURES: dict[str, tuple[int, int, tuple[_Field, ...]]] = {
    "ISA95PropertyDataType": (3002, 5002, _valued("Subproperties", "ISA95PropertyDataType")),
    "ISA95ParameterDataType": (3003, 5005, _valued("Subparameters", "ISA95ParameterDataType")),
    "ISA95EquipmentDataType": (3005, 5008, _named("EquipmentUse")),
    "ISA95PersonnelDataType": (3011, 5020, _named("PersonnelUse")),
    "ISA95PhysicalAssetDataType": (3012, 5023, _named("PhysicalAssetUse")),
    "ISA95MaterialDataType": (
        3010,
        5017,
        (
            ("MaterialClassID", STRING, False, True),
            ("MaterialDefinitionID", STRING, False, True),
            ("MaterialLotID", STRING, False, True),
            ("MaterialSublotID", STRING, False, True),
            ("Description", TEXT, True, True),
            ("MaterialUse", STRING, False, True),
            *_RESOURCE,
        ),
    ),
    "ISA95StateDataType": (
        3006,
        5029,
        (
            ("BrowsePath", _PATH, False, False),
            ("StateText", TEXT, False, False),
            ("StateNumber", _UINT32, False, False),
        ),
    ),
    "ISA95WorkMasterDataType": (
        3007,
        5011,
        (
            ("ID", STRING, False, False),
            ("Description", TEXT, False, True),
            ("Parameters", "ISA95ParameterDataType", True, True),
        ),
    ),
    "ISA95JobOrderDataType": (
        3008,
        5014,
        (
            ("JobOrderID", STRING, False, False),
            ("Description", TEXT, True, True),
            ("WorkMasterID", "ISA95WorkMasterDataType", True, True),
            ("StartTime", DATE_TIME, False, True),
            ("EndTime", DATE_TIME, False, True),
            ("Priority", _INT16, False, True),
            ("JobOrderParameters", "ISA95ParameterDataType", True, True),
            *_resources("Requirements"),
        ),
    ),
    "ISA95JobResponseDataType": (
        3013,
        5026,
        (
            ("JobResponseID", STRING, False, False),
            ("Description", TEXT, False, True),
            ("JobOrderID", STRING, False, False),
            ("StartTime", DATE_TIME, False, True),
            ("EndTime", DATE_TIME, False, True),
            ("JobState", "ISA95StateDataType", True, False),
            ("JobResponseData", "ISA95ParameterDataType", True, True),
            *_resources("Actuals"),
        ),
    ),
    "ISA95JobOrderAndStateDataType": (
        3015,
        5032,
        (
            ("JobOrder", "ISA95JobOrderDataType", False, False),
            ("State", "ISA95StateDataType", True, False),
        ),
    ),
}

RECEIVER, PROVIDER, STATUS_EVENT = 1002, 1003, 1006

# a state's name -> (node id, node id of its number, number)
STATES: dict[str, tuple[int, int, int]] = {
    "NotAllowedToStart": (5035, 6071, 1),
    "AllowedToStart": (5036, 6072, 2),
    "Running": (5037, 6073, 3),
    "Interrupted": (5038, 6074, 4),
    "Ended": (5039, 6075, 5),
    "Aborted": (5040, 6076, 6),
}

Argument = tuple[str, int | str, bool]  # name, data type, array

_JOB: Argument = ("JobOrder", "ISA95JobOrderDataType", False)
_ID: Argument = ("JobOrderID", STRING, False)
_COMMENT: Argument = ("Comment", TEXT, True)
_STATUS: Argument = ("ReturnStatus", 9, False)

# a method's name -> (type it belongs to, node id, node id of its inputs (outputs: the next), inputs, outputs)
METHODS: dict[str, tuple[int, int, int, tuple[Argument, ...], tuple[Argument, ...]]] = {
    "Store": (RECEIVER, 7001, 6040, (_JOB, _COMMENT), (_STATUS,)),
    "StoreAndStart": (RECEIVER, 7004, 6051, (_JOB, _COMMENT), (_STATUS,)),
    "Start": (RECEIVER, 7005, 6053, (_ID, _COMMENT), (_STATUS,)),
    "Update": (RECEIVER, 7009, 6061, (_JOB, _COMMENT), (_STATUS,)),
    "Cancel": (RECEIVER, 7011, 6065, (_ID, _COMMENT), (_STATUS,)),
    "Abort": (RECEIVER, 7010, 6063, (_ID, _COMMENT), (_STATUS,)),
    "RequestJobResponseByJobOrderID": (
        PROVIDER,
        7002,
        6042,
        (_ID,),
        (("JobResponse", "ISA95JobResponseDataType", False), _STATUS),
    ),
}

# a variable's name -> (type it belongs to, node id, data type, array)
VARIABLES: dict[str, tuple[int, int, int | str, bool]] = {
    "JobOrderList": (RECEIVER, 6033, "ISA95JobOrderAndStateDataType", True),
    "WorkMaster": (RECEIVER, 6034, "ISA95WorkMasterDataType", True),
    "MaterialClassID": (RECEIVER, 6035, STRING, True),
    "MaterialDefinitionID": (RECEIVER, 6036, STRING, True),
    "EquipmentID": (RECEIVER, 6037, STRING, True),
    "PhysicalAssetID": (RECEIVER, 6038, STRING, True),
    "PersonnelID": (RECEIVER, 6039, STRING, True),
    "JobOrderResponseList": (PROVIDER, 6050, "ISA95JobResponseDataType", True),
}

# a property of the status event -> (node id, data type, array)
EVENT_FIELDS: dict[str, tuple[int, str, bool]] = {
    "JobOrder": (6047, "ISA95JobOrderDataType", False),
    "JobState": (6048, "ISA95StateDataType", True),
    "JobResponse": (6049, "ISA95JobResponseDataType", False),
}


class Types:
    """The types as nodes of one server."""

    def __init__(self, server: Server, namespace: int) -> None:
        self.server = server
        self.namespace = namespace

    def node(self, identifier: int) -> Node:
        return self.server.get_node(ua.NodeId(identifier, self.namespace))

    def data_type(self, kind: int | str) -> ua.NodeId:
        """The node id of a data type: of namespace 0 by number, of job control by name."""
        if isinstance(kind, int):
            return ua.NodeId(kind, 0)
        return ua.NodeId(STRUCTURES[kind][0], self.namespace)

    def argument(self, argument: Argument) -> ua.Argument:
        name, kind, array = argument
        return ua.Argument(
            Name=name,
            DataType=self.data_type(kind),
            ValueRank=1 if array else -1,
            ArrayDimensions=[0] if array else [],
        )

    def _name(self, name: str) -> ua.QualifiedName:
        return ua.QualifiedName(name, self.namespace)

    async def add(self) -> None:
        """Make all type nodes."""
        for name in STRUCTURES:
            await self._add_structure(name)
        nodes = self.server.nodes
        machine = self.server.get_node(ua.NodeId(ua.ObjectIds.FiniteStateMachineType))
        receiver = await machine.add_object_type(
            self.node(RECEIVER).nodeid, self._name("ISA95JobOrderReceiverObjectType")
        )
        provider = await nodes.base_object_type.add_object_type(
            self.node(PROVIDER).nodeid, self._name("ISA95JobResponseProviderObjectType")
        )
        for state, (identifier, number_id, number) in STATES.items():
            node = await add_object(
                receiver, self.node(identifier).nodeid, self._name(state), ua.NodeId(ua.ObjectIds.StateType)
            )
            await node.add_property(
                self.node(number_id).nodeid,
                ua.QualifiedName("StateNumber", 0),
                ua.Variant(number, ua.VariantType.UInt32),
            )
        owners = {RECEIVER: receiver, PROVIDER: provider}
        for name, (owner, identifier, kind, array) in VARIABLES.items():
            await self.add_variable(owners[owner], self.node(identifier).nodeid, name, kind, array)
        for name, (owner, identifier, arguments, inputs, outputs) in METHODS.items():
            method = await owners[owner].add_method(self.node(identifier).nodeid, self._name(name), None)
            for offset, (side, listed) in enumerate((("Input", inputs), ("Output", outputs))):
                await method.add_property(
                    self.node(arguments + offset).nodeid,
                    ua.QualifiedName(f"{side}Arguments", 0),
                    [self.argument(argument) for argument in listed],
                    varianttype=ua.VariantType.ExtensionObject,
                    datatype=ua.NodeId(ua.ObjectIds.Argument),
                )
        event = await nodes.base_event_type.add_object_type(
            self.node(STATUS_EVENT).nodeid, self._name("ISA95JobOrderStatusEventType")
        )
        for name, (identifier, kind_name, array) in EVENT_FIELDS.items():
            prop = await event.add_property(
                self.node(identifier).nodeid,
                self._name(name),
                ua.Variant([] if array else None, ua.VariantType.ExtensionObject, is_array=array),
                datatype=self.data_type(kind_name),
            )
            await prop.write_value_rank(ua.ValueRank(1 if array else -1))

    async def add_variable(
        self, parent: Node, nodeid: ua.NodeId, name: str, kind: int | str, array: bool
    ) -> Node:
        variant = ua.VariantType.ExtensionObject if isinstance(kind, str) else ua.VariantType(kind)
        value = ua.Variant([] if array else None, variant, is_array=array)
        node = await parent.add_variable(nodeid, self._name(name), value, datatype=self.data_type(kind))
        await node.write_value_rank(ua.ValueRank(1 if array else -1))
        return node

    async def _add_structure(self, name: str) -> None:
        identifier, encoding, fields = STRUCTURES[name]
        base = self.server.nodes.base_structure_type
        node = await base.add_data_type(self.node(identifier).nodeid, self._name(name))
        encoded = await add_object(
            node,
            self.node(encoding).nodeid,
            ua.QualifiedName("Default Binary", 0),
            ua.NodeId(ua.ObjectIds.DataTypeEncodingType),
            ua.NodeId(ua.ObjectIds.HasEncoding),
        )
        optional = any(field[3] for field in fields)
        definition = ua.StructureDefinition(
            DefaultEncodingId=encoded.nodeid,
            BaseDataType=base.nodeid,
            StructureType=ua.StructureType.StructureWithOptionalFields
            if optional
            else ua.StructureType.Structure,
            Fields=[
                new_struct_field(field, self.data_type(kind), array, optional)
                for field, kind, array, optional in fields
            ],
        )
        await node.write_data_type_definition(definition)
        await load_custom_struct(node)


async def add_object(
    parent: Node,
    nodeid: ua.NodeId,
    name: ua.QualifiedName,
    kind: ua.NodeId,
    reference: ua.NodeId | None = None,
) -> Node:
    """An object of a type, without what the type would add to it."""
    item = ua.AddNodesItem(
        RequestedNewNodeId=nodeid,
        BrowseName=name,
        NodeClass=ua.NodeClass.Object,
        ParentNodeId=parent.nodeid,
        ReferenceTypeId=reference or ua.NodeId(ua.ObjectIds.HasComponent),
        TypeDefinition=kind,
        NodeAttributes=ua.ObjectAttributes(DisplayName=ua.LocalizedText(name.Name)),
    )
    [result] = await parent.session.add_nodes([item])
    result.StatusCode.check()
    return Node(parent.session, nodeid)
