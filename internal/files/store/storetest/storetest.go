// Package storetest gives a test an S3-compatible server of its own: versitygw, built from the tools' go.mod, over directories of
// the test's.
package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/steward-pm/steward/internal/files/store"
)

const (
	bucket, access, secret = "papers", "tester", "a secret of tests"

	// built is how long it may take to build the server, started how long it may take to answer.
	built, started = 8 * time.Minute, 30 * time.Second
)

// Server is an S3-compatible server with an empty bucket.
type Server struct {
	Client *s3.Client // to look into the bucket with
	Bucket string
	Root   string // the directory in which everything is that the server keeps

	t        testing.TB
	endpoint string
	cmd      *exec.Cmd
	ended    chan struct{} // closed when the server is gone
}

// Address is what steward is told: a folder of the bucket.
func (s *Server) Address() string {
	return "s3://" + bucket + "/steward?" + url.Values{"endpoint": {s.endpoint}}.Encode()
}

// Getenv are the variables that steward is told.
func Getenv(name string) string {
	return map[string]string{"AWS_ACCESS_KEY_ID": access, "AWS_SECRET_ACCESS_KEY": secret}[name]
}

// Store opens the server's bucket as steward does.
func (s *Server) Store() *store.S3 {
	s.t.Helper()
	opened, err := store.OpenS3(s.Address(), Getenv)
	if err != nil {
		s.t.Fatal(err)
	}
	return opened
}

// Holds tells in which files of the server the bytes are: current objects, old versions, what is uploaded in part.
func (s *Server) Holds(content string) (list []string) {
	s.t.Helper()
	err := filepath.WalkDir(s.Root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(path)
		if err == nil && bytes.Contains(b, []byte(content)) {
			list = append(list, strings.TrimPrefix(path, s.Root))
		}
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return list
}

// Versioned has the bucket keep old versions, as an administrator may switch on at any time.
func (s *Server) Versioned() {
	s.t.Helper()
	if _, err := s.Client.PutBucketVersioning(context.Background(), &s3.PutBucketVersioningInput{Bucket: aws.String(bucket),
		VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled}}); err != nil {
		s.t.Fatal(err)
	}
}

// Stop ends the server, as an outage does.
func (s *Server) Stop() {
	_ = s.cmd.Process.Kill() // it may be gone
	<-s.ended
}

// New starts a server, which ends with the test. Locked makes the bucket one whose objects are locked against removal for a year.
func New(t testing.TB, locked ...bool) *Server {
	t.Helper()
	path, err := program()
	if err != nil {
		t.Fatalf("the S3-compatible server of tests could not be built: %v", err)
	}
	s := &Server{Bucket: bucket, Root: t.TempDir(), t: t}
	for _, dir := range []string{"objects", "versions", "meta"} {
		if err := os.Mkdir(filepath.Join(s.Root, dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), started)
	defer cancel()
	for s.start(ctx, path) != nil { // another process took the port
		if ctx.Err() != nil {
			t.Fatal("the S3-compatible server of tests does not start")
		}
	}
	t.Cleanup(s.Stop)
	s.Client = s3.New(s3.Options{Region: "us-east-1", BaseEndpoint: &s.endpoint, UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider(access, secret, "")})
	lock := len(locked) > 0 && locked[0]
	if _, err := s.Client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String(bucket), ObjectLockEnabledForBucket: &lock}); err != nil {
		t.Fatal(err)
	}
	if lock {
		if _, err := s.Client.PutObjectLockConfiguration(ctx, &s3.PutObjectLockConfigurationInput{Bucket: aws.String(bucket),
			ObjectLockConfiguration: &types.ObjectLockConfiguration{ObjectLockEnabled: types.ObjectLockEnabledEnabled,
				Rule: &types.ObjectLockRule{DefaultRetention: &types.DefaultRetention{Mode: types.ObjectLockRetentionModeCompliance, Years: aws.Int32(1)}}}}); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// start runs the server on a free port and waits until it answers.
func (s *Server) start(ctx context.Context, path string) error {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	address := free.Addr().String()
	if err := free.Close(); err != nil {
		return err
	}
	s.endpoint = "http://" + address
	s.cmd = exec.Command(path, "--port", address, "--access", access, "--secret", secret, "--quiet",
		"posix", "--versioning-dir", filepath.Join(s.Root, "versions"), "--sidecar", filepath.Join(s.Root, "meta"), filepath.Join(s.Root, "objects"))
	s.cmd.Env = append(os.Environ(), "TMPDIR="+s.Root)
	var said bytes.Buffer
	s.cmd.Stdout, s.cmd.Stderr = &said, &said
	endWithUs(s.cmd)
	if err := s.cmd.Start(); err != nil {
		return err
	}
	s.ended = make(chan struct{})
	go func() {
		_ = s.cmd.Wait() // it is killed
		close(s.ended)
	}()
	for {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-s.ended:
			s.t.Logf("%s ended: %s", path, &said)
			return errors.New("it ended")
		case <-ctx.Done():
			s.Stop()
			return ctx.Err()
		case <-time.After(10 * time.Millisecond): // another process starts: there is nothing to be told by
		}
	}
}

// program builds the server, which the go command keeps in its cache, and tells where it is.
var program = sync.OnceValues(func() (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), built)
	defer cancel()
	mod, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("go env GOMOD: %w", err)
	}
	cmd := exec.CommandContext(ctx, "go", "-C", filepath.Join(filepath.Dir(strings.TrimSpace(string(mod))), "tools"), "tool", "-n", "versitygw")
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("go tool -n versitygw: %w %s", err, &said)
	}
	return strings.TrimSpace(string(out)), nil
})
