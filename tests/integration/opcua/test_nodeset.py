"""The types in the plant's address space against the published node set of OPC 10031-4."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from linewright.connect.opcua import address
from linewright.demo import isa95

UA = "{http://opcfoundation.org/UA/2011/03/UANodeSet.xsd}"
TYPES = "{http://opcfoundation.org/UA/2008/02/Types.xsd}"


@pytest.fixture(scope="module")
def nodeset(service):
    folder = Path(service("data")) / "integration" / "opcua"
    found = [path for path in folder.glob("*.xml") if "isa95-jobcontrol" in path.name.lower()]
    assert found, f"no job control node set in {folder}"
    return ElementTree.parse(found[0]).getroot()


@pytest.fixture(scope="module")
def nodes(nodeset):
    """Nodes of the published set by numeric id."""
    return {int(node.get("NodeId").removeprefix("ns=1;i=")): node for node in nodeset if node.get("NodeId")}


@pytest.fixture(scope="module")
def data_types(nodeset):
    """Numeric ids by the names used for data types in the set; ids of namespace 0 as they are."""
    return {alias.get("Alias"): alias.text for alias in nodeset.iter(f"{UA}Alias")}


def name(node):
    return node.get("BrowseName").removeprefix("1:")


def described(kind):
    """A data type of ours as the set writes it."""
    return f"i={kind}" if isinstance(kind, int) else f"ns=1;i={isa95.STRUCTURES[kind][0]}"


def test_the_namespace_is_the_published_one(nodeset):
    [uri] = [uri.text for uri in nodeset.iter(f"{UA}Uri")]
    assert isa95.URI == address.ISA95_URI == uri


@pytest.mark.parametrize("structure", isa95.STRUCTURES)
def test_structures_have_the_published_ids_and_fields(nodes, data_types, structure):
    identifier, encoding, fields = isa95.STRUCTURES[structure]
    node = nodes[identifier]
    assert name(node) == structure
    encodings = [
        reference.text
        for reference in node.iter(f"{UA}Reference")
        if reference.get("ReferenceType") == "HasEncoding"
    ]
    assert f"ns=1;i={encoding}" in encodings
    assert nodes[encoding].get("BrowseName") == "Default Binary"
    published = [
        (
            field.get("Name"),
            data_types.get(field.get("DataType"), field.get("DataType") or "i=24"),
            field.get("ValueRank") == "1",
            field.get("IsOptional") == "true",
        )
        for field in node.iter(f"{UA}Field")
    ]
    assert [(n, described(kind), array, optional) for n, kind, array, optional in fields] == published


@pytest.mark.parametrize("method", isa95.METHODS)
def test_methods_have_the_published_ids_and_arguments(nodes, method):
    owner, identifier, arguments, inputs, outputs = isa95.METHODS[method]
    assert name(nodes[identifier]) == method
    assert nodes[identifier].get("ParentNodeId") == f"ns=1;i={owner}"
    for offset, (side, ours) in enumerate((("InputArguments", inputs), ("OutputArguments", outputs))):
        node = nodes[arguments + offset]
        assert (node.get("BrowseName"), node.get("ParentNodeId")) == (side, f"ns=1;i={identifier}")
        published = [
            (
                argument.findtext(f"{TYPES}Name"),
                argument.findtext(f"{TYPES}DataType/{TYPES}Identifier"),
                argument.findtext(f"{TYPES}ValueRank") == "1",
            )
            for argument in node.iter(f"{TYPES}Argument")
        ]
        assert [(n, described(kind), array) for n, kind, array in ours] == published


def test_object_types_states_variables_and_the_event_are_the_published_ones(nodes, data_types):
    assert name(nodes[isa95.RECEIVER]) == "ISA95JobOrderReceiverObjectType"
    assert name(nodes[isa95.PROVIDER]) == "ISA95JobResponseProviderObjectType"
    assert name(nodes[isa95.STATUS_EVENT]) == "ISA95JobOrderStatusEventType"
    for state, (identifier, number_id, number) in isa95.STATES.items():
        assert (name(nodes[identifier]), nodes[identifier].get("ParentNodeId")) == (
            state,
            f"ns=1;i={isa95.RECEIVER}",
        )
        assert nodes[number_id].get("ParentNodeId") == f"ns=1;i={identifier}"
        assert "".join(nodes[number_id].find(f"{UA}Value").itertext()).strip() == str(number)
    for variable, (owner, identifier, kind, array) in isa95.VARIABLES.items():
        node = nodes[identifier]
        assert (name(node), node.get("ParentNodeId")) == (variable, f"ns=1;i={owner}")
        assert data_types[node.get("DataType")] == described(kind)
        assert (node.get("ValueRank") == "1") == array
    for field, (identifier, kind, array) in isa95.EVENT_FIELDS.items():
        node = nodes[identifier]
        assert (name(node), data_types[node.get("DataType")]) == (field, described(kind))
        assert (node.get("ValueRank") == "1") == array


def test_the_client_knows_data_types_by_the_same_ids():
    for short, identifier in address.DATA_TYPES.items():
        assert isa95.STRUCTURES[f"ISA95{short}DataType"][0] == identifier
