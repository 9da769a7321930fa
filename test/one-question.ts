import type { Visitor } from './portals/visitor.ts';

/** The settings of a chain that is one question: the shortest way through a real process that is about something else. */
export const oneQuestion = {
  policies: [{ name: 'everyone', members: 'everyone', chain: ['questions'] }],
  gates: {
    questions: {
      'registration-shows': 1,
      'registration-requires': 1,
      'reset-asks': 1,
      'reset-requires': 1,
      questions: [{ id: 'school', text: { en: 'First school?' } }],
    },
  },
};

/** Writes one answer into every field of the page. */
export async function answerAll(visitor: Visitor, text: string): Promise<void> {
  const fields = visitor.page('main input[type="text"], main input[type="password"]').toArray();
  await visitor.submit(Object.fromEntries(fields.map((field) => [visitor.page(field).attr('name') ?? '', text])));
}
