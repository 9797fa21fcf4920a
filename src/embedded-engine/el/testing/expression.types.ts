/** Expressions as specs make them: typed trees that are printed for the parser and evaluated without it. */

/** A number with its Java type; whole numbers are exact. */
export type JavaNumber =
  | { readonly type: 'Double'; readonly value: number }
  | { readonly type: 'Short' | 'Integer' | 'Long'; readonly value: bigint };

export type Value =
  JavaNumber | string | boolean | null | readonly Value[] | { readonly [key: string]: Value };

export type BinaryOperator =
  '+' | '-' | '*' | '/' | '%' | '==' | '!=' | '<' | '<=' | '>' | '>=' | '&&' | '||';

export type Tree =
  | { readonly kind: 'long'; readonly value: number }
  | { readonly kind: 'double'; readonly value: number }
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'word'; readonly value: true | false | null }
  /** A variable, or a name that no variable has. */
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'unary'; readonly operator: '-' | '!' | 'empty'; readonly operand: Tree }
  | { readonly kind: 'binary'; readonly operator: BinaryOperator; readonly left: Tree; readonly right: Tree }
  | { readonly kind: 'choice'; readonly condition: Tree; readonly then: Tree; readonly otherwise: Tree }
  | { readonly kind: 'index'; readonly base: Tree; readonly key: Tree }
  /** A property of the variable `json`, read by the method that its type has. */
  | { readonly kind: 'json'; readonly property: 'name' | 'count' | 'price' | 'ok' };
