/** How a far end may behave badly. `reset` does the deed and cuts the line before it answers. */
export type Misbehaviour =
  | 'refuse-connections'
  | 'hang'
  | 'reset'
  | 'status-500'
  | 'status-401'
  | 'status-429'
  | 'nonsense'
  | 'huge'
  | 'doctype'
  | 'latin1'
  | 'redirect';

/** Those that every peer over HTTP knows. */
export const everyMisbehaviour: readonly Misbehaviour[] = [
  'refuse-connections',
  'hang',
  'reset',
  'status-500',
  'status-401',
  'status-429',
  'nonsense',
  'huge',
  'doctype',
  'latin1',
  'redirect',
];
