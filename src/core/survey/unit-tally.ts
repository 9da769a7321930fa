/** How many people of one unit, without the units below it. */
export interface UnitNumbers {
  readonly unit: string;
  readonly people: number;
  /** Those who come under a policy in a zone or other. */
  readonly covered: number;
  readonly ready: number;
  readonly stranded: number;
}

type Counted = { -readonly [key in keyof UnitNumbers]: UnitNumbers[key] };

/** Rows of a table that somebody can still look at. */
const mostUnits = 2_000;

/** Adds people up by unit. */
export class UnitTally {
  /** By path in lower case: the directory may spell one unit in two ways. */
  readonly #units = new Map<string, Counted>();

  add(unit: string, what: { readonly covered: boolean; readonly ready: boolean; readonly stranded: boolean }): void {
    const key = unit.toLowerCase();
    const counted = this.#units.get(key) ?? none(unit);
    this.#units.set(key, counted);
    counted.people += 1;
    counted.covered += what.covered ? 1 : 0;
    counted.ready += what.ready ? 1 : 0;
    counted.stranded += what.stranded ? 1 : 0;
  }

  /** The units with most of the stranded, then of people, by path; the others as one; and all together. */
  result(): { readonly units: readonly UnitNumbers[]; readonly other?: UnitNumbers; readonly all: UnitNumbers } {
    const weighty = [...this.#units.values()].sort((a, b) => b.stranded - a.stranded || b.people - a.people);
    const units = weighty.slice(0, mostUnits).sort((a, b) => (a.unit.toLowerCase() < b.unit.toLowerCase() ? -1 : 1));
    const rest = weighty.slice(mostUnits);
    return { units, ...(rest.length === 0 ? {} : { other: sum(rest) }), all: sum(weighty) };
  }
}

function none(unit: string): Counted {
  return { unit, people: 0, covered: 0, ready: 0, stranded: 0 };
}

function sum(units: readonly UnitNumbers[]): UnitNumbers {
  const all = none('');
  for (const { people, covered, ready, stranded } of units) {
    all.people += people;
    all.covered += covered;
    all.ready += ready;
    all.stranded += stranded;
  }
  return all;
}
