# The grader image, built only from committed files:
#     git archive HEAD | docker build -t registry.example.org/autoencoders-grader:1 \
#         -f deploy/zero-to-jupyterhub/grader.Dockerfile -
FROM docker.io/library/python:3.12-slim-trixie

RUN apt-get update \
    && apt-get install -y --no-install-recommends bubblewrap git postgresql-client util-linux \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 999 grader \
    && useradd --uid 999 --gid 999 --create-home --shell /bin/bash grader

ENV PATH=/opt/autoencoders/.venv/bin:$PATH
WORKDIR /opt/autoencoders
COPY requirements.txt .
RUN python -m venv .venv \
    && pip install --no-cache-dir --require-hashes -r requirements.txt
COPY . .
RUN pip install --no-cache-dir --no-deps --no-build-isolation -e .

USER grader
