import { hostname } from 'node:os';
import { Injectable } from '@nestjs/common';
import { v4 as uuidv4 } from 'uuid';

/** Identifies this instance of the service in leases: host, process and a random part, at most 255 characters. */
@Injectable()
export class LeaseOwner {
  readonly id = `${hostname().slice(0, 200)}:${process.pid}:${uuidv4()}`;
}
