package store

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/steward-pm/steward/internal/fault"
)

// S3 is a store in a bucket of an S3-compatible server.
type S3 struct {
	client         *s3.Client
	bucket, prefix string
}

var _ Store = (*S3)(nil)

// soon is how long a request that moves no content may take, its repetitions included.
const soon = 30 * time.Second

// client asks as the settings say. What the network or the server fails at for a moment is tried again; a server that does
// not answer does not hold anybody for long.
func (c *settings) client() *s3.Client {
	transport := awshttp.NewBuildableClient().
		WithDialerOptions(func(d *net.Dialer) { d.Timeout = 5 * time.Second }).
		WithTransportOptions(func(t *http.Transport) {
			t.ResponseHeaderTimeout, t.MaxIdleConnsPerHost = soon, 20
		})
	return s3.New(s3.Options{
		Region: c.region, BaseEndpoint: c.endpoint, UsePathStyle: c.pathStyle, Credentials: c.credentials, HTTPClient: transport,
		Retryer: retry.NewStandard(func(o *retry.StandardOptions) {
			o.MaxAttempts, o.MaxBackoff = 6, 2*time.Second
			o.Retryables = append(o.Retryables, conflicts)
		}),
		// Servers that are compatible do not all know the newer checksums; Put sends the content's own.
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenRequired,
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenRequired,
	})
}

// conflicts are answers to who writes and who removes the same at the same time, which a server may refuse for the moment it takes
// (OperationAborted, or what else it calls that): the request is whole when it is repeated.
var conflicts = retry.RetryableHTTPStatusCode{Codes: map[int]struct{}{http.StatusConflict: {}}}

func (s *S3) name(key Key) *string { return aws.String(s.prefix + key.path) }

// Put implements Store: one request, which the server carries out whole or not at all, and only for content of this SHA-256. Who puts the
// same at the same time puts the same content over itself.
func (s *S3) Put(ctx context.Context, key Key, file *os.File, size int64) (err error) {
	defer fault.Wrap(&err, "place content %s", key)
	if there, err := s.size(ctx, key); !errors.Is(err, fs.ErrNotExist) && (err != nil || there == size) {
		return err
	}
	_, err = s.client.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &s.bucket, Key: s.name(key), ContentLength: &size, ContentType: aws.String("application/octet-stream"),
		ChecksumSHA256: aws.String(base64.StdEncoding.EncodeToString(key.sum[:])), Body: io.NewSectionReader(file, 0, size),
	})
	return err
}

// size is how large the content is that is there. Errors: fs.ErrNotExist.
func (s *S3) size(ctx context.Context, key Key) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, soon)
	defer cancel()
	out, err := s.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &s.bucket, Key: s.name(key)})
	if err != nil {
		return 0, missing(err)
	}
	return aws.ToInt64(out.ContentLength), nil
}

// Remove implements Store. A bucket with versions only hides what is deleted, and says so: then all versions go, too (A7).
func (s *S3) Remove(ctx context.Context, key Key) (err error) {
	defer fault.Wrap(&err, "remove content %s", key)
	ctx, cancel := context.WithTimeout(ctx, soon)
	defer cancel()
	out, err := s.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &s.bucket, Key: s.name(key)})
	if err != nil {
		if errors.Is(missing(err), fs.ErrNotExist) {
			return nil
		}
		return err
	}
	if !aws.ToBool(out.DeleteMarker) && aws.ToString(out.VersionId) == "" {
		return nil
	}
	return s.removeVersions(ctx, key)
}

// removeVersions removes what a bucket with versions keeps of a content, until it lists no more.
func (s *S3) removeVersions(ctx context.Context, key Key) error {
	for {
		list, err := s.client.ListObjectVersions(ctx, &s3.ListObjectVersionsInput{Bucket: &s.bucket, Prefix: s.name(key)})
		if err != nil {
			return fmt.Errorf("versions: %w", err)
		}
		var ids []*string
		for _, v := range list.Versions {
			ids = append(ids, v.VersionId)
		}
		for _, m := range list.DeleteMarkers {
			ids = append(ids, m.VersionId)
		}
		if len(ids) == 0 {
			return nil
		}
		for _, id := range ids {
			if _, err := s.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &s.bucket, Key: s.name(key), VersionId: id}); err != nil {
				return fmt.Errorf("version %s: %w", aws.ToString(id), err)
			}
		}
	}
}

// Ping implements Store.
func (s *S3) Ping(ctx context.Context) error {
	_, err := s.client.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &s.bucket})
	return err
}

// status is what the server answered, 0 if it did not.
func status(err error) int {
	var answer *awshttp.ResponseError
	if errors.As(err, &answer) {
		return answer.HTTPStatusCode()
	}
	return 0
}

// missing says of an answer that no such object is there. That the bucket is not there is a fault of the deployment.
func missing(err error) error {
	var bucket interface{ ErrorCode() string }
	if status(err) == http.StatusNotFound && (!errors.As(err, &bucket) || bucket.ErrorCode() != "NoSuchBucket") {
		return fmt.Errorf("%w (%w)", fs.ErrNotExist, err)
	}
	return err
}
