/** From where somebody comes: a property of the listener that was reached, never of anything that a browser sends. */
export type Zone = 'intranet' | 'extranet';
