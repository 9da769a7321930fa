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
