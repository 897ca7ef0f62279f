"""Tag lists of registries, written down for places without a network."""

import sys
from argparse import Namespace
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TextIO

from tqdm import tqdm

from service.adapters.snapshot import write_list
from service.app import build_scope
from service.backend import build_tag_source
from service.cli.environment import read_settings
from service.cli.outcome import CommandError, ExitCode
from service.domain.catalogue import TagSource
from service.domain.reference import Repository
from service.domain.scope import Scope
from service.errors import ServiceError


def write(asked: Namespace, environ: Mapping[str, str], out: TextIO) -> ExitCode:
    """Write the lists of repositories; what fails is told, and does not hold up the rest."""
    settings = read_settings(environ)
    repositories = _choose(
        map(Repository.parse, asked.repositories), build_scope(settings, lambda: ())
    )
    source = build_tag_source(settings)
    failures = []
    # Without a terminal there is no bar.
    for repository in tqdm(repositories, unit="list", file=sys.stderr, disable=None):
        try:
            line = _write_one(asked.directory, source, repository)
        except ServiceError as error:
            failures.append(f"{repository}: {error}")
        except OSError as error:
            failures.append(f"{repository}: {error.filename}: {error.strerror}")
        else:
            print(line, file=out, flush=True)
    if failures:
        raise CommandError("; ".join(failures))
    return ExitCode.DONE


def _choose(repositories: Iterable[Repository], scope: Scope) -> list[Repository]:
    """Give the repositories, and those that the support verdicts of their images are read from."""
    chosen = dict.fromkeys(repositories)
    for repository in list(chosen):
        scope.check(repository)
        if reference := scope.reference_of(repository):
            chosen.setdefault(reference)
    return list(chosen)


def _write_one(directory: Path, source: TagSource, repository: Repository) -> str:
    listing = source.list_tags(repository)
    file = write_list(directory, listing)
    return f"{file}: {len(listing.tags)} tags"
