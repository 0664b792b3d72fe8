"""Holds what `branchmerge export` writes against the official validators, and against what they miss.

    exports.py croissant FILE
    exports.py openlineage FILE SCHEMAS
    exports.py prov FILE

Prints what is wrong, a line each, and exits with 1 if anything is. With --mutate it breaks the
document in many ways instead, and prints those that went unnoticed.
"""

import copy
import datetime
import glob
import hashlib
import json
import logging
import os
import re
import sys
import tempfile


# --- Croissant

PROV_TERMS = {
    "wasDerivedFrom", "wasGeneratedBy", "used", "wasAssociatedWith", "startedAtTime", "endedAtTime",
    "atLocation",
}


def croissant(document, folder):
    """A copy is validated beside the files, because their paths lead from there."""
    import mlcroissant
    from mlcroissant._src.core.context import Context
    from mlcroissant._src.core.rdf import make_context

    problems = []
    with tempfile.NamedTemporaryFile("w", dir=folder, suffix=".json") as file:
        json.dump(document, file)
        file.flush()
        try:
            dataset = mlcroissant.Dataset(file.name)
            problems += [f"warning: {w}" for w in dataset.metadata.ctx.issues.warnings]
            for records in dataset.metadata.record_sets:
                count = sum(1 for _ in dataset.records(records.id))
                wanted = expected_count(document, folder, records.id)
                if count != wanted:
                    problems.append(f"{records.id} has {count} records, not {wanted}")
        except Exception as error:
            problems.append(f"mlcroissant: {error}")

    # What it misses.
    for key in ("name", "description", "license", "url", "version", "datePublished", "citeAs"):
        if not document.get(key):
            problems.append(f"no {key}")
    if not re.fullmatch(r"\d+\.\d+\.\d+", document.get("version", "")):
        problems.append("version")
    context = make_context(
        Context(conforms_to="http://mlcommons.org/croissant/1.1"), annotation="cr:annotation",
        prov="http://www.w3.org/ns/prov#")
    if document.get("@context") != context:
        problems.append("the context is not the standard one")
    named = {node["@id"] for node in nodes(document) if "@type" in node and "@id" in node}
    for node in nodes(document):
        if set(node) == {"@id"} and node["@id"] not in named:
            problems.append(f"{node['@id']} is not there")
        for key in node:
            prefix, _, term = key.partition(":")
            if prefix == "prov" and term not in PROV_TERMS:
                problems.append(f"{key} is no term of PROV")
    for file in document.get("distribution", []):
        path = os.path.join(folder, file.get("contentUrl", "-"))
        data = open(path, "rb").read() if os.path.exists(path) else b""
        if hashlib.sha256(data).hexdigest() != file.get("sha256"):
            problems.append(f"the SHA-256 of {path}")
        if f"{len(data)} B" != file.get("contentSize"):
            problems.append(f"the size of {path}")
    sources = {s["sources/name"] for s in record_set(document, "sources").get("data", [])}
    derived = {e.get("name") for e in document.get("prov:wasDerivedFrom", [])}
    if sources != derived or not sources:
        problems.append("the sources are not what it was derived from")
    for name in ("default", "seeds"):
        records = record_set(document, name)
        if records:
            problems += row_provenance(records, folder, document, sources)
    return problems


def row_provenance(records, folder, document, sources):
    """What the annotation says of each row, found as a reader of the document would find it."""
    annotation = records.get("annotation", {})
    if annotation.get("equivalentProperty") != "prov:wasDerivedFrom":
        return [f"{records['@id']} does not say what its rows are derived from"]
    parts = {p["equivalentProperty"]: p["source"] for p in annotation.get("subField", [])}
    primary = parts.get("prov:hadPrimarySource")
    if primary is None:
        return [f"{records['@id']} does not say of which source its rows are"]
    files = {f["@id"]: f for f in document.get("distribution", [])}
    file = files.get(primary["fileObject"]["@id"])
    if file is None:
        return [f"{records['@id']} is of no file"]
    pattern = re.compile(primary["transform"]["regex"])
    for line in open(os.path.join(folder, file["contentUrl"]), encoding="utf-8"):
        found = pattern.match(json.loads(line)[primary["extract"]["column"]])
        if not found or found.group(1) not in sources:
            return [f"a row of {file['@id']} is of no source"]
    return []


def expected_count(document, folder, name):
    records = record_set(document, name)
    if "data" in records:
        return len(records["data"])
    field = records["field"][0]["source"]["fileObject"]["@id"]
    file = next(f for f in document["distribution"] if f["@id"] == field)
    return sum(1 for _ in open(os.path.join(folder, file["contentUrl"]), "rb"))


def record_set(document, name):
    return next((r for r in document.get("recordSet", []) if r.get("@id") == name), {})


def nodes(value):
    if isinstance(value, dict):
        yield value
        for key, inner in value.items():
            if key not in ("@context", "data"):
                yield from nodes(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from nodes(inner)


def croissant_mutations(document):
    def at(*path):
        def change(d, value):
            for step in path[:-1]:
                d = d[step]
            if value is None:
                del d[path[-1]]
            else:
                d[path[-1]] = value
        return change

    for key in ("name", "license", "version", "datePublished", "citeAs", "url", "description",
                "conformsTo", "distribution"):
        yield f"no {key}", lambda d, k=key: at(k)(d, None)
    yield "a version that is none", lambda d: at("version")(d, "one")
    yield "a context without annotation", lambda d: at("@context", "annotation")(d, None)
    yield "another meaning of source", lambda d: at("@context", "source")(d, "cr:sauce")
    yield "a wrong SHA-256", lambda d: at("distribution", 0, "sha256")(d, "0" * 64)
    yield "no SHA-256", lambda d: at("distribution", 0, "sha256")(d, None)
    yield "a wrong size", lambda d: at("distribution", 0, "contentSize")(d, "1 B")
    yield "no encoding", lambda d: at("distribution", 0, "encodingFormat")(d, None)
    yield "another file", lambda d: at("distribution", 0, "contentUrl")(d, "README.md")
    yield "a misspelt term", lambda d: d.update({"prov:wasDerivedForm": d["prov:wasDerivedFrom"]})
    yield "no derivation", lambda d: at("prov:wasDerivedFrom")(d, [])
    yield "an unknown source used", lambda d: at("prov:wasGeneratedBy", "prov:used", 0)(
        d, {"@id": "source/nowhere"})
    yield "a column that is not there", lambda d: at(
        "recordSet", 0, "field", 0, "source", "extract", "column")(d, "sample")
    yield "no type", lambda d: at("recordSet", 0, "field", 0, "dataType")(d, None)
    yield "rows that come from nowhere", lambda d: at(
        "recordSet", 0, "annotation", "equivalentProperty")(d, "prov:wasRevisionOf")
    yield "rows of unknown sources", lambda d: at(
        "recordSet", 0, "annotation", "subField", 1, "source", "transform", "regex")(d, "^(.)")
    yield "a source left out", lambda d: record_set(d, "sources")["data"].pop()


# --- OpenLineage

def openlineage(events, schemas):
    from jsonschema import Draft202012Validator, FormatChecker
    from referencing import Registry, Resource

    files = {}
    for path in glob.glob(schemas + "/**/*.json", recursive=True):
        files[os.path.basename(path)] = json.load(open(path))
    registry = Registry().with_resources(
        [(schema["$id"], Resource.from_contents(schema)) for schema in files.values()])

    def errors(schema, value):
        validator = Draft202012Validator(
            schema, registry=registry, format_checker=FormatChecker())
        return [f"{e.json_path}: {e.message[:200]}" for e in validator.iter_errors(value)]

    problems = []
    classes = facet_classes()
    for number, event in enumerate(events):
        found = errors(files["OpenLineage.json"], event)
        for holder in nodes(event):
            for kind in ("facets", "inputFacets", "outputFacets"):
                for name, facet in holder.get(kind, {}).items():
                    url, _, definition = facet.get("_schemaURL", "").partition("#/$defs/")
                    schema = files.get(os.path.basename(url))
                    if schema is None or schema["$id"] != url or name not in schema["properties"]:
                        found.append(f"{name} has no schema {url}")
                        continue
                    found += errors(schema, {name: facet})
                    found += against_client(classes, definition, name, facet)
        problems += [f"event {number + 1}: {problem}" for problem in found]
    return problems + order(events)


def order(events):
    """Each run has one START before one end; a parent is among the runs."""
    problems = []
    states = {}
    times = [event.get("eventTime", "") for event in events]
    if times != sorted(times):
        problems.append("the events are not in the order of time")
    for event in events:
        run = event.get("run", {}).get("runId")
        state = event.get("eventType")
        known = states.setdefault(run, [])
        if (state == "START") != (known == []):
            problems.append(f"{state} of {run} after {known}")
        known.append(state)
        if len(known) > 2:
            problems.append(f"{run} has {known}")
    for event in events:
        parent = event.get("run", {}).get("facets", {}).get("parent")
        if parent and parent.get("run", {}).get("runId") not in states:
            problems.append("a parent that is no run")
    return problems


def facet_classes():
    import importlib
    import pkgutil

    from openlineage.client import generated

    classes = {}
    for module in pkgutil.iter_modules(generated.__path__):
        loaded = importlib.import_module(f"openlineage.client.generated.{module.name}")
        for name, value in vars(loaded).items():
            if isinstance(value, type):
                classes[name] = value
    return classes


def against_client(classes, definition, name, facet):
    """The official client must write the same members: it knows no others, as the schemas do."""
    from openlineage.client.serde import Serde

    kind = classes.get(definition)
    if kind is None:
        return [f"the client has no {definition}"]
    members = {key: value for key, value in facet.items() if not key.startswith("_")}
    try:
        written = Serde.to_dict(kind(**members))
    except TypeError as error:
        return [f"{name}: {error}"]
    written = {key: value for key, value in written.items() if not key.startswith("_")}
    return [] if written == members else [f"{name}: the client writes {written}"]


def openlineage_mutations(events):
    ends = [i for i, e in enumerate(events) if e.get("outputs")]
    build = next(
        i for i in ends
        if "columnLineage" in events[i]["outputs"][0]["facets"] and events[i].get("inputs"))

    yield "no job", lambda e: e[0].pop("job")
    yield "a run that is no UUID", lambda e: e[0]["run"].update(runId="run-1")
    yield "a time that is none", lambda e: e[0].update(eventTime="yesterday")
    yield "an unknown type", lambda e: e[0].update(eventType="DONE")
    yield "no start", lambda e: e.pop(0)
    yield "two ends", lambda e: e.append(copy.deepcopy(e[-1]))
    yield "the order turned round", lambda e: e.reverse()
    for path, names in (
        (lambda e: e["run"]["facets"], ("parent", "processing_engine")),
        (lambda e: e["job"]["facets"], ("jobType", "documentation")),
        (lambda e: e["inputs"][0]["facets"], ("version", "schema", "tags", "dataSource")),
        (lambda e: e["inputs"][0]["inputFacets"], ("inputStatistics", "subset")),
        (lambda e: e["outputs"][0]["facets"], ("version", "schema", "columnLineage", "storage")),
        (lambda e: e["outputs"][0]["outputFacets"], ("outputStatistics",)),
    ):
        for name in names:
            yield f"{name} without a producer", (
                lambda e, p=path, n=name: p(e[build])[n].pop("_producer"))
            yield f"{name} with a member too many", (
                lambda e, p=path, n=name: p(e[build])[n].update(rowCont=1))
            yield f"{name} by another schema", lambda e, p=path, n=name: p(e[build])[n].update(
                _schemaURL="https://openlineage.io/spec/facets/1-0-0/Facet.json#/$defs/Facet")
            yield f"{name} by another name", (
                lambda e, p=path, n=name: p(e[build]).update({n + "s": p(e[build]).pop(n)}))
    yield "a text for a number", lambda e: e[build]["outputs"][0]["outputFacets"][
        "outputStatistics"].update(rowCount="4")
    yield "a parent that is no run", lambda e: e[build]["run"]["facets"]["parent"]["run"].update(
        runId="00000000-0000-8000-8000-000000000000")


# --- PROV-JSON

# The ends of each relation, as PROV-JSON names them.
ENDS = {
    "used": {"prov:activity": "activity", "prov:entity": "entity"},
    "wasGeneratedBy": {"prov:entity": "entity", "prov:activity": "activity"},
    "wasDerivedFrom": {"prov:generatedEntity": "entity", "prov:usedEntity": "entity"},
    "wasAssociatedWith": {
        "prov:activity": "activity", "prov:agent": "agent", "prov:plan": "entity"},
    "wasAttributedTo": {"prov:entity": "entity", "prov:agent": "agent"},
    "hadMember": {"prov:collection": "entity", "prov:entity": "entity"},
    "alternateOf": {"prov:alternate1": "entity", "prov:alternate2": "entity"},
}
OPTIONAL_ENDS = {"prov:plan"}
OWN = {
    "entity": {"prov:label", "prov:type", "prov:location"},
    "activity": {"prov:label", "prov:startTime", "prov:endTime"},
    "agent": {"prov:label", "prov:type"},
}


def prov(document):
    from prov.model import ProvDocument

    problems = []
    try:
        text = json.dumps(document)
        read = ProvDocument.deserialize(content=text, format="json")
        written = read.serialize(format="json")
        if ProvDocument.deserialize(content=written, format="json") != read:
            problems.append("the round trip gives another document")
        problems += differences(plain(document), plain(json.loads(written)))
    except Exception as error:
        problems.append(f"prov: {type(error).__name__} {error}")

    # What it misses.
    for kind, records in document.items():
        if kind == "prefix":
            continue
        for name, record in records.items():
            own = {key for key in record if key.startswith("prov:")}
            if kind in ENDS:
                ends = ENDS[kind]
                wanted = set(ends) - OPTIONAL_ENDS
                if not wanted <= own <= set(ends):
                    problems.append(f"{kind} {name} has {sorted(own)}")
                for end, target in ends.items():
                    if end in record and record[end] not in document.get(target, {}):
                        problems.append(f"{kind} {name}: {record[end]} is no {target}")
            elif kind not in OWN or not own <= OWN[kind]:
                problems.append(f"{kind} {name} has {sorted(own)}")
    generated = [r.get("prov:entity") for r in document.get("wasGeneratedBy", {}).values()]
    if len(generated) != len(set(generated)):
        problems.append("something was generated twice")
    return problems


def plain(document):
    """Without what has several spellings: names of relations, times, single values in lists."""
    def value(v):
        if isinstance(v, list):
            return sorted((value(x) for x in v), key=json.dumps)
        if isinstance(v, dict):
            return [str(v.get("$")), v.get("type")]
        try:
            return datetime.datetime.fromisoformat(v.replace("Z", "+00:00")).isoformat()
        except ValueError:
            return v

    result = {}
    for kind, records in document.items():
        if kind == "prefix":
            result[kind] = records
            continue
        for name, record in records.items():
            known = "_" if name.startswith("_:") else name
            members = {key: value(v) for key, v in record.items()}
            result.setdefault(kind, []).append([known, members])
        result[kind].sort(key=lambda pair: json.dumps(pair, sort_keys=True))
    return result


def differences(before, after):
    return [
        f"{kind} is not the same after a round trip"
        for kind in sorted(set(before) | set(after)) if before.get(kind) != after.get(kind)
    ]


def prov_mutations(document):
    def relation(d, kind):
        return next(iter(d[kind].values()))

    def rename(record, old, new):
        record[new] = record.pop(old)

    for kind, ends in ENDS.items():
        if kind not in document:
            continue
        for end in set(ends) - OPTIONAL_ENDS:
            yield f"{end} of {kind} misspelt", (
                lambda d, k=kind, e=end: rename(relation(d, k), e, e + "s"))
            yield f"{end} of {kind} left out", lambda d, k=kind, e=end: relation(d, k).pop(e)
            yield f"{end} of {kind} that is not there", (
                lambda d, k=kind, e=end: relation(d, k).update({e: "ws:nothing"}))
    yield "an unknown relation", lambda d: rename(d, "used", "uses")
    yield "an undeclared prefix", lambda d: d["prefix"].pop("bm")
    yield "a misspelt time", lambda d: rename(
        relation(d, "activity"), "prov:startTime", "prov:startedAtTime")
    yield "an end of another kind", lambda d: relation(d, "used").update(
        {"prov:entity": next(iter(d["activity"]))})
    yield "a second generation", lambda d: d["wasGeneratedBy"].update(
        {"_:again": dict(relation(d, "wasGeneratedBy"))})


# ---

def main():
    arguments = [a for a in sys.argv[1:] if a != "--mutate"]
    kind, path = arguments[:2]
    logging.disable(logging.INFO)
    if kind == "openlineage":
        document = [json.loads(line) for line in open(path, encoding="utf-8")]
        check = lambda d: openlineage(d, arguments[2])
        mutations = openlineage_mutations
    elif kind == "croissant":
        document = json.load(open(path, encoding="utf-8"))
        check = lambda d: croissant(d, os.path.dirname(os.path.abspath(path)))
        mutations = croissant_mutations
    else:
        document = json.load(open(path, encoding="utf-8"))
        check, mutations = prov, prov_mutations
    if "--mutate" not in sys.argv:
        lines = check(document)
    else:
        lines = []
        count = 0
        for name, change in mutations(document):
            broken = copy.deepcopy(document)
            change(broken)
            count += 1
            if not check(broken):
                lines.append(f"unnoticed: {name}")
        print(f"{count} mutations", file=sys.stderr)
    print("\n".join(lines), end="\n" if lines else "")
    sys.exit(1 if lines else 0)


main()
