import { Module } from '@nestjs/common';
import { HttpService } from './http.service.js';

/** Provides {@link HttpService}; handlers use it as `task.http`. */
@Module({ providers: [HttpService], exports: [HttpService] })
export class HttpClientModule {}
