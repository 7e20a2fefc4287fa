"""A question of each kind with fields, for all tests of them."""

from __future__ import annotations

NUMBER = """**An image of 784 numbers gets a code of 30. How many times smaller is the code?**

Answer: [[26.1 ± 0.1]] times

> $784 / 30 \\approx 26.1$.
> [[0.038]] That is upside down.
"""
TEXT = """**Which function turns any number into one between 0 and 1?**

The [[logistic | /(logistic|sigmoid)( function)?/ | "S"]]

> It is S-shaped.
"""
BLANKS = """**Fill in what is missing.**

An encoder turns [[784]] numbers into [[30 | thirty]].
The [[decoder]] turns them back.

> The two halves of an autoencoder.
"""
ORDER = """**Put the steps in order.**

- [[2]] compute the loss
- [[1]] copy the image
- [[3]] change the weights

> A loss needs a copy, and its gradient a loss.
"""
MATCH = """**Match each model with its kind of unit.**

- [[B]] autoencoder
- [[A]] RBM
- [[A]] Boltzmann machine

> Boltzmann machines sample their units.

Choose from:

- A. stochastic
- B. deterministic
- C. quantum
"""
KEYS = {"number": NUMBER, "text": TEXT, "blanks": BLANKS, "order": ORDER, "match": MATCH}
RIGHT = {
    "number": ["26.13"],
    "text": ["Sigmoid function"],
    "blanks": ["784", "Thirty", "the decoder"],
    "order": ["2", "1.", "3rd"],
    "match": ["b", "A", "stochastic"],
}
WRONG = {
    "number": ["0.038"],
    "text": ["relu"],
    "blanks": ["784", "31", "decoder"],
    "order": ["1", "2", "3"],
    "match": ["A", "A", "C"],
}
