import type { TypedValue } from '../../state/typed-value.types.js';
import { attachment } from '../http/attachment.format.js';
import { bytes, type EngineResponse, type FormPart, type RequestBody } from '../http/http.types.js';
import { illegalArgument, invalidRequest, RestError } from '../http/rest.error.js';
import { NO_FILE_NAME } from './value.reader.js';
import { readVariable } from './variable.reader.js';

const BINARY = 'application/octet-stream';
/** `type/subtype` and a charset that a header may contain. */
const MIME_TYPE = /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+$/;
const CHARSET = /^[\w!#$&^.+:-]+$/;

/** The bytes of a File or Bytes variable. @throws RestError 400 for other types */
export function contentOf(variable: TypedValue, ownerId: string): EngineResponse {
  const content = Buffer.from(typeof variable.value === 'string' ? variable.value : '', 'base64');
  if (variable.type === 'Bytes') return bytes(content, BINARY);
  if (variable.type !== 'File')
    throw invalidRequest(`Value of variable with id ${ownerId} is not a binary value.`);
  const { filename, mimeType, encoding } = variable.valueInfo;
  const type = typeof mimeType === 'string' && MIME_TYPE.test(mimeType) ? mimeType : BINARY;
  const charset = typeof encoding === 'string' && CHARSET.test(encoding) ? `;charset=${encoding}` : '';
  return bytes(content, `${type}${charset}`, {
    'content-disposition': attachment(typeof filename === 'string' ? filename : 'file'),
  });
}

/** Reads the form of `POST …/{name}/data`: `data`, and `valueType` (default Bytes). @throws RestError 400, 415 */
export function readContent(body: RequestBody): TypedValue {
  if (body.kind !== 'form') {
    throw new RestError(
      415,
      'NotSupportedException',
      'A binary variable must be sent as multipart/form-data',
    );
  }
  const part = (name: string): FormPart | undefined => body.parts.find((one) => one.fieldName === name);
  const data = part('data');
  if (part('type') !== undefined) {
    throw invalidRequest("Variables made of Java classes are not part of the embedded engine's subset");
  }
  if (data === undefined) throw invalidRequest("The form has no part with name 'data'");
  const type = part('valueType')?.content.toString('utf8').trim() ?? 'Bytes';
  if (!/^([Bb]ytes|[Ff]ile)$/.test(type))
    throw new RestError(400, 'RestException', `Unsupported value type '${type.slice(0, 200)}'`);
  const value = data.content.toString('base64');
  return readVariable({ value, type, valueInfo: /^f/i.test(type) ? fileInfo(data) : {} });
}

/** The content type of a part may have the parameters `encoding` and `transient`. */
function fileInfo({ fileName, contentType = BINARY }: FormPart): Record<string, unknown> {
  if (fileName === null || fileName === '') throw illegalArgument(NO_FILE_NAME);
  const [mimeType = '', ...parameters] = contentType.split(';').map((part) => part.trim());
  if (!MIME_TYPE.test(mimeType)) throw invalidRequest('Invalid mime type given');
  const parameter = (name: string): string | undefined =>
    parameters.find((one) => one.toLowerCase().startsWith(`${name}=`))?.slice(name.length + 1);
  const encoding = parameter('encoding');
  return {
    filename: fileName,
    mimeType,
    ...(encoding !== undefined && { encoding }),
    ...(parameter('transient') === 'true' && { transient: true }),
  };
}
