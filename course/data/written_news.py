"""Synthetic news: 3,000 stories on eight topics, generated word by word.

Example:
    >>> stories = load()
    >>> stories.labels[stories.y_train[0]] in stories.labels
    True

A story mixes common words, words of its topic, fewer of a second topic, and a few names. Within a
list the r-th word is about 1/r as frequent as the first (Zipf's law). Each topic has two kinds of
story that favor different words. Word order doesn't matter because only counts are stored.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from course.arrays import IntArray
from course.data.dataset import Dataset
from course.data.news_words import COMMON_WORDS, NAMES, TOPIC_WORDS
from course.data.word_counts import weight_counts

STORIES: Final = 3_000
TRAINING_STORIES: Final = 2_000
_SEED: Final = 1987  # the year of the Reuters stories
_SHARES: Final = {"common": 0.52, "topic": 0.30, "second": 0.12, "names": 0.06}
_LOG_LENGTH, _LOG_LENGTH_SPREAD = 4.1, 0.45  # natural log of the word count: mostly 38 to 95
_FLATTEN: Final = 2.5  # Zipf-Mandelbrot: the most frequent words are a little rarer than 1/r


def load() -> Dataset:
    """Generate 3,000 stories; the first 2,000 are for training."""
    rng = np.random.RandomState(_SEED)  # its stream never changes between versions (NEP 19)
    words = (*COMMON_WORDS, *(w for of_topic in TOPIC_WORDS.values() for w in of_topic), *NAMES)
    counts, topic = _generate(rng, words)
    return Dataset.split(
        weight_counts(counts),
        topic,
        np.arange(STORIES) < TRAINING_STORIES,
        name="news",
        labels=tuple(TOPIC_WORDS),
        image_shape=None,
        source="written",
        note="made-up stories on eight topics",
        words=words,
    )


def _generate(rng: np.random.RandomState, words: tuple[str, ...]) -> tuple[IntArray, IntArray]:
    """Return counts ``(stories, words)`` and topics ``(stories,)``."""
    column = {word: i for i, word in enumerate(words)}
    topics = len(TOPIC_WORDS)

    def zipf(chosen: tuple[str, ...]) -> NDArray[np.float64]:
        probability: NDArray[np.float64] = np.zeros(len(words))
        probability[[column[w] for w in chosen]] = 1 / (np.arange(len(chosen)) + _FLATTEN)
        probability /= probability.sum()
        return probability

    common = zipf(COMMON_WORDS)
    of_topic = np.array([zipf(chosen) for chosen in TOPIC_WORDS.values()])
    shuffled = tuple(NAMES[i] for i in rng.permutation(len(NAMES)))
    of_names = np.array([zipf(shuffled[k::topics]) for k in range(topics)])
    favored = rng.uniform(0.3, 1.7, (topics, 1, len(words)))
    kinds = np.concatenate([favored, 2 - favored], 1)  # the two kinds favor opposite words

    popularity = 1 / (np.arange(topics) + 4.0)
    topic = rng.choice(topics, STORIES, p=popularity / popularity.sum())
    second = (topic + rng.choice([1, 1, 2, topics - 1], STORIES)) % topics
    kind = rng.randint(2, size=STORIES)
    length = np.exp(rng.normal(_LOG_LENGTH, _LOG_LENGTH_SPREAD, STORIES)).astype(int) + 8
    focus = rng.uniform(0.5, 1.5, STORIES)  # how much a story is about its topic
    counts = np.zeros((STORIES, len(words)), np.int64)
    for i in range(STORIES):
        t = topic[i]
        probability = (
            _SHARES["common"] * common
            + focus[i] * _SHARES["topic"] * of_topic[t] * kinds[t, kind[i]]
            + _SHARES["second"] * of_topic[second[i]]
            + _SHARES["names"] * of_names[t]
        )
        counts[i] = rng.multinomial(length[i], probability / probability.sum())
    return counts, topic.astype(np.int64)
