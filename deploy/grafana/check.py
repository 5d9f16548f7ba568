"""Holds the dashboards against the types of Grafana's own schema: `make dashboards-check`.

    python deploy/grafana/check.py FOLDER

FOLDER has node_modules with @grafana/schema and typescript. Each dashboard becomes a typed literal, each panel's
options one of its own kind; then TypeScript says what is wrong.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

DASHBOARDS = Path(__file__).parent / "dashboards"
KINDS = {
    "bargauge": "BarGauge",
    "heatmap": "Heatmap",
    "stat": "Stat",
    "state-timeline": "StateTimeline",
    "table": "Table",
    "text": "Text",
    "timeseries": "TimeSeries",
}
"""Kinds of panels that are allowed, and what the schema calls their options."""
PLAIN = """
type Plain<T> = T extends string ? `${T}` : T extends number | boolean | null | undefined ? T
  : T extends readonly (infer U)[] ? Plain<U>[] : T extends object ? { [K in keyof T]: Plain<T[K]> } : T;
"""
"""A type whose enumerations are the values that JSON has in their places."""


def main(folder: Path) -> int:
    """Writes TypeScript into the folder and lets its compiler read it; returns the compiler's exit code."""
    files = []
    for source in sorted(DASHBOARDS.glob("*.json")):
        file = folder / f"{source.stem}.ts"
        file.write_text(_typed(json.loads(source.read_text(encoding="utf-8"))), encoding="utf-8")
        files.append(file.name)
    tsc = folder / "node_modules" / ".bin" / "tsc"
    options = ["--noEmit", "--strict", "--skipLibCheck", "--module", "esnext", "--moduleResolution", "bundler"]
    done = subprocess.run([str(tsc), *options, *files], cwd=folder, check=False)
    print(f"{len(files)} dashboards: {'as the schema has them' if done.returncode == 0 else 'not as the schema'}")  # noqa: T201
    return done.returncode


def _typed(dashboard: dict[str, Any]) -> str:
    panels = [panel for panel in dashboard["panels"] if panel["type"] != "row"]
    kinds = sorted({panel["type"] for panel in panels})
    imports = [_import(kind) for kind in kinds]
    options = [
        f"export const o{panel['id']}: Partial<Plain<{KINDS[panel['type']]}.Options>> = {json.dumps(panel['options'])};"
        for panel in panels
    ]
    for annotation in dashboard["annotations"]["list"]:
        del annotation["target"]["expr"]  # which the schema's base of all queries does not know
    whole = f"export const dashboard: Plain<Dashboard> = {json.dumps(dashboard)};"
    return "\n".join(["import type { Dashboard } from '@grafana/schema';", *imports, PLAIN, *options, whole, ""])


def _import(kind: str) -> str:
    name = KINDS[kind]
    path = f"@grafana/schema/dist/esm/raw/composable/{kind.replace('-', '')}/panelcfg/x/{name}PanelCfg_types.gen"
    return f"import type * as {name} from '{path}';"


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve()))
