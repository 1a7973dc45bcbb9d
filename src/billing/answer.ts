/** What a predicate about meaning says; a rule reports on `yes` alone. */
export type Answer = 'yes' | 'no' | 'unknown'
