# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes a small byte-level BPE vocabulary in both forms, and what Hugging Face's tokenizers make of texts with it.

    python3 -m venv VENV && VENV/bin/pip install tokenizers
    VENV/bin/python test/unit/runtime/data/make_bpe.py

bpe.json is a tokenizer.json, bpe-vocab.json and bpe-merges.txt are GPT-2's form of the same vocabulary; bpe.golden has a line
per text: the text and its tokens, as JSON.
"""
import json
import pathlib
import random

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

HERE = pathlib.Path(__file__).resolve().parent
TRAINING = [
    "It was the best of times, it was the worst of times; we had everything before us, we had nothing before us.",
    "She'd said they'll come when it's 12 o'clock, and I'm sure we've seen 2024 things they're afraid of.",
    "    def step(self, batch):\n        return self.loss(batch)\n\n\n# 100 %   of   it\n",
    "Größe, naïve café, 東京は日本の首都です。 Привет, мир! ½ ٣ αβγ 🙂🙂",
]
TEXTS = [
    "", " ", "a", "it's", "IT'S they'LL we'd", "  two  spaces ", "\n\n  x\n", "tab\tand\r\nreturn", "a\u00a0b\u2003c", "12,345.67%",
    "''s 's' 'tis", "the best<|end|>of times<|end|><|end|>", "<|end|", "東京 tower 🙂!", "½٣ Ⅷ x²", "e\u0301\u0300 ﬁ", "!?!? ...'re",
    "\u3000wide\u3000 space", "a" * 70, "lololololololololololololol" * 4, "\x00\x7f\x85x",
]


def main():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(TRAINING * 3, trainers.BpeTrainer(
        vocab_size=420, special_tokens=["<|end|>"], initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
    tokenizer.save(str(HERE / "bpe.json"), pretty=False)
    vocab, merges = tokenizer.model.save(str(HERE), "bpe")
    pathlib.Path(vocab).replace(HERE / "bpe-vocab.json")
    pathlib.Path(merges).replace(HERE / "bpe-merges.txt")
    random.seed(5)
    letters = "aetsoinhr  \n'.,9é東🙂"
    texts = TEXTS + ["".join(random.choice(letters) for _ in range(random.randrange(60))) for _ in range(60)]
    lines = [json.dumps([text, tokenizer.encode(text).ids], ensure_ascii=False) for text in texts]
    (HERE / "bpe.golden").write_text("\n".join(lines) + "\n")


main()
