#!/usr/bin/env python3
"""What LLaMA-Factory itself makes of each row of a file, one JSON line a row, then one with all packs.

  llama_factory_rows.py MODEL ROWS TRAINED FORMAT TEMPLATE CUTOFF PACKING [KEY=VALUE ...]

MODEL is a folder with the tokenizer's files, ROWS and TRAINED are JSON Lines files, of which the
packs are those of TRAINED, FORMAT is sharegpt, messages or alpaca, PACKING none, packed or neat;
KEY=VALUE are further keys of its YAML file. All goes through LLaMA-Factory's own argument parser,
data loader and processors (0.9.5 is what the tests are held against). Needs llamafactory.
"""

import json
import os
import sys
import tempfile

os.environ.update(HF_HUB_OFFLINE="1", HF_DATASETS_DISABLE_PROGRESS_BARS="1", CUDA_VISIBLE_DEVICES="")
out = os.fdopen(os.dup(1), "w", encoding="utf-8")
os.dup2(2, 1)  # LLaMA-Factory prints an example to the standard output.

from llamafactory.data import get_dataset, get_template_and_fix_tokenizer
from llamafactory.data.loader import _get_dataset_processor, _get_merged_dataset
from llamafactory.hparams import get_train_args
from llamafactory.model import load_tokenizer

model, rows, trained, form, template_name, cutoff, packing = sys.argv[1:8]
extra = dict(pair.split("=", 1) for pair in sys.argv[8:])

TAGS = {
    "sharegpt": ("conversations", "from", "value", "human", "gpt", "observation"),
    "messages": ("messages", "role", "content", "user", "assistant", "tool"),
}


def entry(path):
    """What the registry says of a file."""
    entry = {"file_name": os.path.abspath(path)}
    if form == "alpaca":
        entry["columns"] = {"prompt": "instruction", "query": "input", "response": "output", "system": "system"}
    else:
        messages, role, content, user, assistant, observation = TAGS[form]
        entry["formatting"] = "sharegpt"
        entry["columns"] = {"messages": messages} | ({"system": "system"} if form == "sharegpt" else {})
        entry["tags"] = {
            "role_tag": role, "content_tag": content, "user_tag": user, "assistant_tag": assistant,
            "observation_tag": observation, "function_tag": "function_call", "system_tag": "system",
        }  # fmt: skip
    return entry


def fnv(ids):
    value = 0xCBF29CE484222325
    for id in ids:
        value = (value ^ (id & 0xFFFFFFFF)) * 0x100000001B3 % 2**64
    return value


def start(folder, dataset, cutoff, packing):
    """The parsed arguments, the template and the tokenizer, as the trainer's start makes them."""
    arguments = {
        "stage": "sft", "do_train": True, "model_name_or_path": model, "dataset": dataset, "dataset_dir": folder,
        "template": template_name, "cutoff_len": cutoff, "packing": packing != "none",
        "neat_packing": packing == "neat", "output_dir": folder + "/out", "report_to": "none",
        "overwrite_cache": True,
    }  # fmt: skip
    arguments |= {key: json.loads(value) for key, value in extra.items()}
    model_args, data_args, training_args, _, _ = get_train_args(arguments)
    tokenizer = load_tokenizer(model_args)["tokenizer"]
    template = get_template_and_fix_tokenizer(tokenizer, data_args)
    return model_args, data_args, training_args, tokenizer, template


def rows_of(folder, cutoff, packing):
    """What each row alone becomes, in order; None where it is dropped."""
    model_args, data_args, training_args, tokenizer, template = start(folder, "rows", cutoff, packing)
    # Packing only lowers the cut-off; a row's own processor is the plain one.
    data_args.packing = data_args.neat_packing = False
    aligned = _get_merged_dataset(data_args.dataset, model_args, data_args, training_args, "sft")
    processor = _get_dataset_processor(data_args, "sft", template, tokenizer, None)
    for row in aligned:
        made = processor.preprocess_dataset({key: [value] for key, value in row.items()})
        yield (made["input_ids"][0], made["labels"][0]) if made["input_ids"] else None


def packs_of(folder, cutoff, packing):
    """The lengths of the rows in each pack; the padding has positions 0, 0, …"""
    model_args, data_args, training_args, tokenizer, template = start(folder, "trained", cutoff, packing)
    made = get_dataset(template, model_args, data_args, training_args, stage="sft", tokenizer=tokenizer)
    for pack in made["train_dataset"]:
        if packing == "none":
            yield [len(pack["input_ids"])]
            continue
        starts = [i for i, position in enumerate(pack["position_ids"]) if position == 0] + [len(pack["input_ids"])]
        lengths = [end - start for start, end in zip(starts, starts[1:])]
        while lengths[-1] == 1:
            lengths.pop()
        yield lengths


with tempfile.TemporaryDirectory() as folder:
    os.environ["HF_DATASETS_CACHE"] = folder + "/cache"
    with open(folder + "/dataset_info.json", "w", encoding="utf-8") as file:
        json.dump({"rows": entry(rows), "trained": entry(trained)}, file)
    cut = rows_of(folder, int(cutoff), packing)
    whole = rows_of(folder, 1 << 30, "none")
    for (number, kept), everything in zip(enumerate(cut, 1), whole):
        line = {"row": number, "tokens": None}
        if kept is not None:
            line |= {"tokens": len(everything[0]), "kept": len(kept[0]), "learned": sum(l != -100 for l in kept[1])}
            line |= {"ids": fnv(kept[0]), "labels": fnv(kept[1])}
        print(json.dumps(line), file=out)
    print(json.dumps({"packs": list(packs_of(folder, int(cutoff), packing))}), file=out)
