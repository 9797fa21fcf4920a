import { Module } from '@nestjs/common';
import { HttpService } from './http.service.js';

/** Offers the {@link HttpService}: to the workers, whose handlers have it as `task.http`, and to whatever else calls outside. */
@Module({ providers: [HttpService], exports: [HttpService] })
export class HttpClientModule {}
