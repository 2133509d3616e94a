/** Of the rules of normalisation and of scores together: raised with every change that another answer could come from. */
export const RULE_VERSION = 1
